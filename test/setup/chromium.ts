import {existsSync} from 'node:fs';
import {execa} from 'execa';
import {findChromium} from '../../pipeline/doctor/chromium.js';

/**
 * Report pages are looked at in a real browser. As root on a machine with apt it is installed where it is missing.
 * @returns null when it is there, else why not.
 */
export async function prepareChromium(): Promise<string | null> {
  if (findChromium(process.env) !== null) return null;
  if (process.env['CHROMIUM_PATH'])
    return `CHROMIUM_PATH names ${process.env['CHROMIUM_PATH']}, which is not there`;
  if (process.getuid?.() !== 0) return 'not installed, and only root could install it (apt install chromium)';
  if (!existsSync('/usr/bin/apt-get')) return 'not installed, and there is no apt-get';
  console.error('installing Chromium with apt-get');
  const install = ['install', '-y', '-qq', '--no-install-recommends', 'chromium', 'fonts-dejavu-core'];
  const env = {DEBIAN_FRONTEND: 'noninteractive'};
  const options = {env, reject: false, stdin: 'ignore', all: true, timeout: APT_TIMEOUT_MS} as const;
  await execa('apt-get', ['update', '-qq'], options);
  const {exitCode, all} = await execa('apt-get', install, options);
  if (exitCode === 0 && findChromium(process.env) !== null) return null;
  return `apt-get could not install it: ${(all ?? '').trim().split('\n').at(-1) ?? ''}`;
}

const APT_TIMEOUT_MS = 600_000;
