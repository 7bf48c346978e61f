import {accessSync, constants, existsSync, statfsSync} from 'node:fs';
import {arch, availableParallelism, platform, release, totalmem} from 'node:os';
import {dirname} from 'node:path';
import {countOf, formatBytes} from '../model/words.js';
import {type Check, good, missing, warning} from './check.js';

const OLDEST_NODE = [20, 19] as const;
const LITTLE_MEMORY_BYTES = 4e9;
const LITTLE_DISK_BYTES = 5e9;

/** The computer and Node. `home` is the state directory, absolute; it need not exist yet. */
export function checkMachine({node, home}: Readonly<{node: string; home: string}>): readonly Check[] {
  return [checkNode(node), checkPlatform(), checkMemory(), checkDisk(home), checkHome(home)];
}

function checkNode(node: string): Check {
  const [major = 0, minor = 0] = node.replace(/^v/, '').split('.').map(Number);
  const [oldestMajor, oldestMinor] = OLDEST_NODE;
  if (major > oldestMajor || (major === oldestMajor && minor >= oldestMinor)) return good('node', node);
  return missing('node', node, `Node ${OLDEST_NODE.join('.')} or newer is needed`);
}

function checkPlatform(): Check {
  const detail = `${platform()} ${release()} ${arch()}`;
  if (platform() === 'linux' || platform() === 'darwin') return good('platform', detail);
  return missing('platform', detail, 'Linux or macOS is needed; on Windows use WSL');
}

function checkMemory(): Check {
  const detail = `${countOf(availableParallelism(), 'core')}, ${formatBytes(totalmem())} of memory`;
  if (totalmem() >= LITTLE_MEMORY_BYTES) return good('processor', detail);
  return warning('processor', detail, `training with two ranks wants ${formatBytes(LITTLE_MEMORY_BYTES)}`);
}

function checkDisk(home: string): Check {
  const folder = nearestFolder(home);
  const {bavail, bsize} = statfsSync(folder);
  const detail = `${formatBytes(bavail * bsize)} free at ${folder}`;
  if (bavail * bsize >= LITTLE_DISK_BYTES) return good('disk', detail);
  return warning(
    'disk',
    detail,
    'all 112,120 radiographs as one array take 7.4 GB; --home puts the state elsewhere',
  );
}

function checkHome(home: string): Check {
  try {
    accessSync(nearestFolder(home), constants.W_OK);
    return good('state', existsSync(home) ? home : `${home} (made by the first run)`);
  } catch {
    return missing('state', `${home} cannot be written`, 'name another one with --home or PIPELINE_HOME');
  }
}

function nearestFolder(path: string): string {
  return existsSync(path) ? path : nearestFolder(dirname(path));
}
