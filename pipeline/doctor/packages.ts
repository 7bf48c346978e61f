import {type Environment, findOnPath} from '../execute/python-pins.js';
import {type Check, good, missing, warning} from './check.js';
import {findChromium} from './chromium.js';

/** Node packages with compiled parts, by the failure that each is known for: a platform without a prebuilt binary. */
const NATIVE = [
  {name: 'messaging', module: 'zeromq', serves: 'training and prediction are dispatched with it'},
  {name: 'charts', module: '@napi-rs/canvas', serves: 'the charts of the report are drawn with it'},
];

/** What comes with `npm ci`, and the programs around it. */
export async function checkPackages(environment: Environment): Promise<readonly Check[]> {
  const native = await Promise.all(NATIVE.map(checkNative));
  return [...native, checkLock(environment), checkChromium(environment)];
}

async function checkNative({name, module, serves}: (typeof NATIVE)[number]): Promise<Check> {
  try {
    await import(module);
    return good(name, `${module} loads`);
  } catch (error) {
    const said = error instanceof Error ? error.message.split('\n')[0] : String(error);
    return missing(name, `${module} does not load: ${said}`, `npm ci again on this machine; ${serves}`);
  }
}

function checkLock(environment: Environment): Check {
  if (process.platform === 'darwin') return good('locks', 'by the kernel');
  const flock = findOnPath('flock', environment);
  if (flock !== null) return good('locks', flock);
  return missing('locks', 'the program flock is not there', 'install util-linux (or busybox)');
}

function checkChromium(environment: Environment): Check {
  const path = findChromium(environment);
  if (path !== null) return good('browser', path);
  const hint = 'only the project’s own tests need it: apt install chromium, or CHROMIUM_PATH';
  return warning('browser', 'no Chromium', hint);
}
