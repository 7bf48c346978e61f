import {existsSync} from 'node:fs';
import {type Environment, findOnPath} from '../execute/python-pins.js';

const NAMES = ['chromium', 'chromium-browser', 'google-chrome', 'google-chrome-stable'];

/** A browser for the tests that look at report pages: CHROMIUM_PATH, else the first one on the PATH. */
export function findChromium(environment: Environment): string | null {
  const named = environment['CHROMIUM_PATH'] ?? '';
  if (named !== '') return existsSync(named) ? named : null;
  for (const name of NAMES) {
    const path = findOnPath(name, environment);
    if (path !== null) return path;
  }
  return null;
}
