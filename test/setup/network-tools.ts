import {existsSync} from 'node:fs';
import {join} from 'node:path';
import {installWithApt} from './apt.js';

/**
 * Network namespaces stand for two machines. @returns null when `ip` is there, else why not.
 */
export async function prepareNetworkTools(): Promise<string | null> {
  return hasIp() ? null : await installWithApt(['iproute2'], hasIp);
}

function hasIp(): boolean {
  return (process.env['PATH'] ?? '').split(':').some((folder) => existsSync(join(folder, 'ip')));
}
