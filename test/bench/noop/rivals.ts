import {existsSync, readFileSync, renameSync, rmSync, writeFileSync} from 'node:fs';
import {join} from 'node:path';
import {execa} from 'execa';
import {CLI, type Project, ROOT} from '../../rig.js';

/** A tool that is asked whether 112,120 files are as they were; `first` does what it needs to know that. */
export type Rival = Readonly<{
  name: string;
  /** What it goes by. */
  compares: string;
  first: readonly string[] | null;
  again: readonly string[];
  /** Says so when it works although there is nothing to do. */
  isIdle?(output: string): boolean;
}>;

const PYTHON_RIVALS = ['dvc==3.67.1', 'snakemake==9.27.1'];

export async function rivals(project: Project): Promise<readonly Rival[]> {
  const bin = await pythonRivals();
  return [
    {
      name: 'pipeline run',
      compares: 'size, mtime, ctime, inode; content by SHA-256',
      first: [process.execPath, CLI, 'run', 'noop.yaml'],
      again: [process.execPath, CLI, 'run', 'noop.yaml'],
      isIdle: (output) => output.includes('2 skipped'),
    },
    {
      name: 'find -printf',
      compares: 'nothing: prints name, size, mtime, inode',
      first: null,
      again: ['find', 'images', '-printf', '%p %s %T@ %i\\n'],
    },
    ...(await make(project)),
    ...(await git(project)),
    ...(bin === null ? [] : [await dvc(project, bin), snakemake(project, bin)]),
  ];
}

async function make(project: Project): Promise<readonly Rival[]> {
  if (!(await isThere(['make', '--version']))) return missing('GNU make');
  project.write('Makefile', 'done.txt: $(wildcard images/*)\n\t@echo made > done.txt\n');
  const isIdle = (output: string): boolean => output.includes('up to date');
  // With its own rules it looks for ten ways to make each image, and takes minutes.
  const run = ['make', '-rR'];
  return [{name: 'GNU make -rR', compares: 'mtime', first: run, again: run, isIdle}];
}

/** Its own folder of objects lies beside, so that it is gone with the rest. */
async function git(project: Project): Promise<readonly Rival[]> {
  if (!(await isThere(['git', '--version']))) return missing('git');
  const git = ['git', '-c', 'core.looseCompression=0', '-c', 'gc.auto=0'];
  await execa(git[0]!, ['init', '-q'], {cwd: project.folder});
  return [
    {
      name: 'git status',
      compares: 'size, mtime, ctime, inode; content by SHA-1',
      first: [...git, 'add', 'images'],
      again: [...git, 'status', '--short', '--untracked-files=all', 'images'],
      isIdle: (output) => !/^.[MD]/m.test(output),
    },
  ];
}

async function dvc(project: Project, bin: string): Promise<Rival> {
  const program = join(bin, 'dvc');
  await execa(program, ['init', '-q', '--no-scm', '-f'], {cwd: project.folder, env: {DVC_NO_ANALYTICS: '1'}});
  await execa(program, ['config', 'core.analytics', 'false'], {cwd: project.folder});
  project.write(
    'dvc.yaml',
    'stages:\n  stock:\n    cmd: echo made > dvc.txt\n    deps: [images]\n    outs: [dvc.txt]\n',
  );
  return {
    name: 'dvc repro',
    compares: 'size, mtime, inode; content by MD5',
    first: [program, 'repro'],
    again: [program, 'repro'],
    isIdle: (output) => output.includes('up to date'),
  };
}

function snakemake(project: Project, bin: string): Rival {
  project.write(
    'Snakefile',
    'import os\nrule stock:\n    input: ["images/" + name for name in os.listdir("images")]\n' +
      '    output: "snakemake.txt"\n    shell: "echo made > {output}"\n',
  );
  const run = [join(bin, 'snakemake'), '--cores', '1', '--quiet', 'rules'];
  return {
    name: 'snakemake',
    compares: 'mtime, content of small files',
    first: run,
    again: run,
    isIdle: (output) => output.includes('Nothing to be done'),
  };
}

/**
 * The rivals that are written in Python, in an environment of their own in build/, made on first use: the pipeline needs
 * none of it. @returns the folder of their programs; null where they cannot be installed.
 */
async function pythonRivals(): Promise<string | null> {
  const folder = join(ROOT, 'build/bench-rivals');
  const marker = join(folder, 'installed.txt');
  const wanted = PYTHON_RIVALS.join('\n');
  if (existsSync(marker) && readFileSync(marker, 'utf8') === wanted) return join(folder, 'bin');
  console.log(`  installing ${PYTHON_RIVALS.join(' and ')} into build/bench-rivals`);
  rmSync(folder, {recursive: true, force: true});
  try {
    await execa('python3', ['-m', 'venv', folder]);
    const options = ['-qq', '--no-input', '--progress-bar=off', '--disable-pip-version-check'];
    await execa(join(folder, 'bin/pip'), ['install', ...options, ...PYTHON_RIVALS]);
  } catch (error) {
    missing(`dvc and snakemake (${(error as Error).message.split('\n')[0]})`);
    return null;
  }
  writeFileSync(`${marker}.tmp`, wanted);
  renameSync(`${marker}.tmp`, marker);
  return join(folder, 'bin');
}

async function isThere([program, ...args]: readonly string[]): Promise<boolean> {
  const {failed} = await execa(program!, args, {reject: false});
  return !failed;
}

function missing(what: string): readonly [] {
  console.log(`  without ${what}: not on this machine`);
  return [];
}
