import {existsSync} from 'node:fs';
import {execa} from 'execa';

/** As root on a machine with apt. @returns null once it is there, else why not. */
export async function installWithApt(
  packages: readonly string[],
  isThere: () => boolean,
): Promise<string | null> {
  const name = packages[0]!;
  if (process.getuid?.() !== 0) return `not installed, and only root could install it (apt install ${name})`;
  if (!existsSync('/usr/bin/apt-get')) return 'not installed, and there is no apt-get';
  console.error(`installing ${name} with apt-get`);
  const install = ['install', '-y', '-qq', '--no-install-recommends', ...packages];
  const env = {DEBIAN_FRONTEND: 'noninteractive'};
  const options = {env, reject: false, stdin: 'ignore', all: true, timeout: APT_TIMEOUT_MS} as const;
  await execa('apt-get', ['update', '-qq'], options);
  const {exitCode, all} = await execa('apt-get', install, options);
  if (exitCode === 0 && isThere()) return null;
  return `apt-get could not install it: ${(all ?? '').trim().split('\n').at(-1) ?? ''}`;
}

const APT_TIMEOUT_MS = 600_000;
