import {execa} from 'execa';
import type {JsonObject} from '../model/json.js';

/** The state of the program's own source: which commit, and every change since that is not committed. */
export type SourceState = Readonly<{facts: JsonObject; patch: string}>;

/** @param folder - Absolute; inside a git work tree or not. */
export async function readSourceState(folder: string): Promise<SourceState> {
  const git = async (...args: string[]): Promise<string | null> => {
    const result = await execa('git', ['-C', folder, '--no-optional-locks', ...args], {
      reject: false,
      stdin: 'ignore',
      stripFinalNewline: false,
      timeout: 20_000,
    });
    return result.exitCode === 0 ? result.stdout : null;
  };
  const commit = await git('rev-parse', 'HEAD');
  if (commit === null)
    return {facts: {git: false, commit: null, uncommitted: null, untracked: []}, patch: ''};
  const [patch, untracked] = await Promise.all([
    git('diff', '--binary', 'HEAD'),
    git('ls-files', '--others', '--exclude-standard'),
  ]);
  const names = (untracked ?? '').split('\n').filter((name) => name !== '');
  return {
    facts: {
      git: true,
      commit: commit.trim(),
      uncommitted: patch !== '' || names.length > 0,
      untracked: names,
    },
    patch: patch ?? '',
  };
}
