import assert from 'node:assert/strict';
import {existsSync, mkdirSync, readFileSync, rmSync, symlinkSync} from 'node:fs';
import {join} from 'node:path';
import {type Finished, type PlanDocument, type Project, type RunOptions, withProject} from '../rig.js';
import {fill} from '../store/workplace.js';
import {GATED, started} from './gated.js';
import {onSmallDisk} from './small-disk.js';
import {WORDS, writeWords} from './words.js';

/** Makes its output, says so, and ends when the test lets it: nothing is left to write but by the pipeline itself. */
const MADE = GATED.replace(
  /command: .*/,
  'command: echo done > $PIPELINE_OUT_DIR/out; echo started >> ../started; while [ ! -e ../open ]; do sleep 0.02; done',
);

/** What the pipeline itself was refused: once, with the path and what to do, and no stack trace. */
function assertRefused(
  result: Finished,
  {home, what, hint}: {home: string; what: string; hint: string},
): void {
  assert.equal(result.code, 1, result.stderr);
  assert.ok(result.stderr.includes(home), result.stderr);
  assert.ok(result.stderr.includes(what), result.stderr);
  assert.ok(result.stderr.includes(hint), result.stderr);
  assert.doesNotMatch(result.stderr, /\n\s+at /);
}

const NO_SPACE = {
  what: 'no space left on the device',
  hint: 'free some space and run again, nothing is lost',
};
const READ_ONLY = {what: 'the file system is read-only', hint: 'use --home or PIPELINE_HOME'};

describe('file systems', () => {
  it('a disk that is full when a stage ends is said, and with space again nothing is lost', async function () {
    await onSmallDisk({context: this}, async ({project, home}) => {
      const options = {environment: {PIPELINE_HOME: home}};
      writeWords(project);
      await project.json(['run', 'words.yaml'], options);
      project.write('configs/gated.yaml', MADE);
      const first = project.start(['run', 'configs/gated.yaml'], options);
      await started(project, 1);
      const fillers = fill(home);
      project.write('open', '');
      const {exitCode, stdout, stderr} = await first;
      const result = {code: exitCode ?? null, signal: null, stdout: String(stdout), stderr: String(stderr)};
      assertRefused(result, {home, ...NO_SPACE});

      for (const filler of fillers) rmSync(filler);
      const again = await project.json<PlanDocument>(['run', 'configs/gated.yaml'], options);
      const [stage] = again.stages;
      assert.deepEqual([stage!.decision, stage!.state], ['run', 'succeeded']);
      assert.equal(readFileSync(join(stage!.artifact!, 'out'), 'utf8'), 'done\n');
      assert.deepEqual(await decisions(project, ['plan', 'configs/gated.yaml'], options), ['skip']);
      assert.deepEqual(await decisions(project, ['plan', 'words.yaml'], options), ['skip', 'skip']);
    });
  });

  it('a disk that is full from the beginning is said before anything is run', async function () {
    await onSmallDisk({context: this}, async ({project, home}) => {
      const options = {environment: {PIPELINE_HOME: home}};
      writeWords(project, WORDS.replace('cp words.txt', 'touch ran; cp words.txt'));
      const fillers = fill(home);
      assertRefused(await project.run(['run', 'words.yaml'], options), {home, ...NO_SPACE});
      assert.equal(project.has('ran'), false);
      for (const filler of fillers) rmSync(filler);
      assert.deepEqual(await decisions(project, ['run', 'words.yaml'], options), ['run', 'run']);
    });
  });

  it('a read-only state folder can be looked at; a run says why not, and finds all when it can write', async function () {
    await onSmallDisk({context: this}, async ({project, home, remount}) => {
      const options = {environment: {PIPELINE_HOME: home}};
      writeWords(project);
      await project.json(['run', 'words.yaml'], options);
      remount('ro');
      assert.deepEqual(await decisions(project, ['plan', 'words.yaml'], options), ['skip', 'skip']);
      assertRefused(await project.run(['run', 'words.yaml'], options), {home, ...READ_ONLY});
      remount('rw');
      assert.deepEqual(await decisions(project, ['run', 'words.yaml'], options), ['skip', 'skip']);
    });
  });

  it('an artifact that cannot be looked at is named by every command that needs it', () =>
    withProject(async (project) => {
      writeWords(project);
      const made = await project.json<PlanDocument>(['run', 'words.yaml', '--name', 'first']);
      const path = join(made.stages[0]!.artifact!, 'stage.json');
      rmSync(path);
      // A link in a circle refuses everybody, also root.
      symlinkSync('stage.json', path);
      for (const command of [
        ['plan', 'words.yaml'],
        ['status'],
        ['run', 'words.yaml'],
        ['report', 'first'],
      ]) {
        const result = await project.run(command);
        assert.equal(result.code, 1, command[0]);
        assert.ok(result.stderr.includes(path), result.stderr);
        assert.doesNotMatch(result.stderr, /\n\s+at |fault of the program/);
      }
    }));

  it('a record that was damaged by hand is as good as none', () =>
    withProject(async (project) => {
      writeWords(project);
      const made = await project.json<PlanDocument>(['run', 'words.yaml', '--name', 'first']);
      const path = join(made.stages[1]!.artifact!, 'stage.json');
      rmSync(path);
      mkdirSync(path);
      project.write('.pipeline/runs/first/run.json', '{}');
      assert.deepEqual(await decisions(project, ['status'], {}), ['skip', 'run']);
      const {runs} = await project.json<{runs: {status: string}[]}>(['ls']);
      assert.deepEqual(
        runs.map(({status}) => status),
        ['succeeded'],
      );
      assert.deepEqual(await decisions(project, ['run', 'words.yaml'], {}), ['skip', 'run']);
      assert.deepEqual(await decisions(project, ['status'], {}), ['skip', 'skip']);
    }));

  it('a file where the state folder should be is named', () =>
    withProject(async (project) => {
      writeWords(project);
      project.write('.pipeline', 'not a folder');
      const result = await project.run(['run', 'words.yaml']);
      assert.equal(result.code, 1);
      assert.match(result.stderr, /\.pipeline/);
      assert.equal(existsSync(join(project.folder, '.pipeline')), true);
    }));
});

async function decisions(project: Project, args: readonly string[], options: RunOptions): Promise<string[]> {
  const document = await project.json<PlanDocument>(args, options);
  return document.stages.map((stage) => stage.decision);
}
