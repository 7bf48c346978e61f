import {findChromium} from '../../pipeline/doctor/chromium.js';
import {installWithApt} from './apt.js';

/**
 * Report pages are looked at in a real browser. As root on a machine with apt it is installed where it is missing.
 * @returns null when it is there, else why not.
 */
export async function prepareChromium(): Promise<string | null> {
  if (findChromium(process.env) !== null) return null;
  if (process.env['CHROMIUM_PATH'])
    return `CHROMIUM_PATH names ${process.env['CHROMIUM_PATH']}, which is not there`;
  return await installWithApt(['chromium', 'fonts-dejavu-core'], () => findChromium(process.env) !== null);
}
