import {createHash} from 'node:crypto';
import {readdirSync, readFileSync} from 'node:fs';
import {join} from 'node:path';

/**
 * What two machines compare: the version, and in short the Python sources that the one with the agent would run.
 * @param sources - Absolute path of py/.
 */
export function programVersion(version: string, sources: string): string {
  const hash = createHash('sha256');
  const folder = join(sources, 'chexnet');
  const names = readdirSync(folder, {recursive: true, encoding: 'utf8'});
  for (const name of names.filter((file) => file.endsWith('.py')).sort()) {
    hash
      .update(`${name}\0`)
      .update(readFileSync(join(folder, name)))
      .update('\0');
  }
  return `${version}+${hash.digest('hex').slice(0, 8)}`;
}
