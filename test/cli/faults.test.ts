import assert from 'node:assert/strict';
import {existsSync, readdirSync, readFileSync, rmSync} from 'node:fs';
import {join} from 'node:path';
import {setTimeout as delay} from 'node:timers/promises';
import {type Finished, type PlanDocument, type Project, type RunOptions, withProject} from '../rig.js';
import {fill, withMount} from '../store/workplace.js';
import {WORDS, writeWords} from './words.js';

/** A stage that says that it has started and ends when the test lets it. */
const GATED = `pipeline: gated
stages:
  wait:
    uses: exec
    params:
      command: echo started >> ../started; while [ ! -e ../open ]; do sleep 0.02; done; echo done > $PIPELINE_OUT_DIR/out
      outs: [out]
`;

function writeGated(project: Project): void {
  project.write('configs/gated.yaml', GATED);
}

/** Resolves once the stage has started `times` times. */
async function started(project: Project, times: number): Promise<void> {
  await lines(project, {file: 'started', count: times});
}

/** Resolves once a file of the project has so many lines. */
async function lines(project: Project, {file, count}: {file: string; count: number}): Promise<void> {
  for (let round = 0; round < 1000; round++) {
    if (project.has(file) && project.read(file).split('\n').length > count) return;
    await delay(20);
  }
  throw new Error(`${file} did not get ${count} lines`);
}

/** Living processes of the stages of a run, known by their environment. Zombies have none. */
function processesOf(project: Project, run: string): readonly string[] {
  return readdirSync('/proc').filter((pid) => {
    if (!/^\d+$/.test(pid)) return false;
    try {
      const environment = readFileSync(`/proc/${pid}/environ`, 'utf8').split('\0');
      const isHere = environment.some((entry) => entry.startsWith(`PIPELINE_OUT_DIR=${project.folder}/`));
      return isHere && environment.includes(`PIPELINE_RUN=${run}`);
    } catch {
      // Somebody else's, or gone meanwhile.
      return false;
    }
  });
}

describe('failures', () => {
  it('a command that fails ends its stage with exit 1, its last lines and no artifact', () =>
    withProject(async (project) => {
      writeWords(project, WORDS.replace('tr a-z A-Z <', 'echo no such letters >&2; exit 7 <'));
      const result = await project.run(['run', 'words.yaml']);
      assert.equal(result.code, 1);
      assert.match(result.stderr, /no such letters/);
      assert.match(result.stderr, /shout.*(exit|exited).*7/s);
      assert.doesNotMatch(result.stderr, /\n\s+at /);
      const next = await project.json<PlanDocument>(['plan', 'words.yaml']);
      assert.deepEqual(
        next.stages.map((stage) => stage.decision),
        ['skip', 'run'],
      );
    }));

  it('a declared output that was not made is named', () =>
    withProject(async (project) => {
      writeWords(project, WORDS.replace('> $PIPELINE_OUT_DIR/shout.txt', '> /dev/null'));
      const result = await project.run(['run', 'words.yaml']);
      assert.equal(result.code, 1);
      assert.match(result.stderr, /shout\.txt/);
    }));

  it('a stage over its time is ended with exit 124', () =>
    withProject(async (project) => {
      const config = WORDS.replace('    needs: [copy]', '    needs: [copy]\n    timeout: 1s');
      writeWords(project, config.replace('tr a-z', 'sleep 60; tr a-z'));
      const result = await project.run(['run', 'words.yaml']);
      assert.equal(result.code, 124);
      assert.match(result.stderr, /1\.0 s/);
    }));

  it('--keep-going runs what does not depend on the failure', () =>
    withProject(async (project) => {
      const other = `  other: {uses: exec, params: {command: "sleep 0.3; echo x > $PIPELINE_OUT_DIR/x", outs: [x]}}\n`;
      writeWords(project, `${WORDS.replace('cp words.txt', 'false; exit 3; cp words.txt')}${other}`);
      const result = await project.run(['run', 'words.yaml', '--keep-going', '--json', '-j', '1']);
      assert.equal(result.code, 1);
      const document = JSON.parse(result.stdout) as PlanDocument;
      assert.deepEqual(
        document.stages.map((stage) => [stage.id, stage.state]),
        [
          ['copy', 'failed'],
          ['shout', 'cancelled'],
          ['other', 'succeeded'],
        ],
      );
    }));
});

describe('two runs at once', () => {
  it('the second waits, says for whom, and then finds everything done', () =>
    withProject(async (project) => {
      writeGated(project);
      const first = project.start(['run', 'configs/gated.yaml']);
      await started(project, 1);
      const second = project.start(['run', 'configs/gated.yaml', '--json']);
      let said = '';
      await new Promise<void>((resolve) => {
        second.stderr!.on('data', (chunk: Buffer) => {
          said += chunk.toString();
          if (said.includes('waiting for')) resolve();
        });
      });
      assert.match(said, new RegExp(`process ${first.pid}`));
      project.write('open', '');
      assert.equal((await first).exitCode, 0);
      const result = await second;
      assert.equal(result.exitCode, 0);
      const document = JSON.parse(String(result.stdout)) as PlanDocument;
      assert.equal(document.stages[0]!.decision, 'skip');
      assert.equal(project.read('started'), 'started\n');
    }));

  it('--no-wait exits 5', () =>
    withProject(async (project) => {
      writeGated(project);
      const first = project.start(['run', 'configs/gated.yaml']);
      await started(project, 1);
      const second = await project.run(['run', 'configs/gated.yaml', '--no-wait']);
      assert.equal(second.code, 5);
      assert.match(second.stderr, new RegExp(`process ${first.pid}`));
      project.write('open', '');
      await first;
    }));

  it('--no-wait exits 5 also when another pipeline makes the same artifact', () =>
    withProject(async (project) => {
      writeGated(project);
      project.write('configs/other.yaml', GATED.replace('pipeline: gated', 'pipeline: other'));
      const first = project.start(['run', 'configs/gated.yaml']);
      await started(project, 1);
      const second = await project.run(['run', 'configs/other.yaml', '--no-wait']);
      assert.equal(second.code, 5, second.stderr);
      assert.match(second.stderr, new RegExp(`process ${first.pid} .*makes the same artifact`));
      assert.match(second.stderr, /run again without --no-wait/);
      project.write('open', '');
      assert.equal((await first).exitCode, 0);
    }));
});

describe('killed and interrupted', () => {
  it('after SIGKILL the next run ends what was left and finishes the work', () =>
    withProject(async (project) => {
      writeGated(project);
      const first = project.start(['run', 'configs/gated.yaml', '--name', 'first']);
      await started(project, 1);
      first.kill('SIGKILL');
      await first;
      const canTell = existsSync('/proc/self/environ');
      if (!canTell) console.log('      not looked for: processes have no /proc here');
      if (canTell) assert.notDeepEqual(processesOf(project, 'first'), [], 'it outlives its driver');
      const second = project.start(['run', 'configs/gated.yaml', '--name', 'second', '--json']);
      await started(project, 2);
      if (canTell) {
        assert.deepEqual(processesOf(project, 'first'), []);
        assert.notDeepEqual(processesOf(project, 'second'), []);
      }
      project.write('open', '');
      assert.equal((await second).exitCode, 0);
      const document = JSON.parse(String((await second).stdout)) as PlanDocument;
      assert.equal(readFileSync(join(document.stages[0]!.artifact!, 'out'), 'utf8'), 'done\n');
      const runs = await project.json<{runs: {status: string}[]}>(['ls']);
      assert.deepEqual(
        runs.runs.map((run) => run.status),
        ['succeeded', 'unfinished'],
      );
    }));

  it('Ctrl-C ends the command, records an interrupted run and exits 130', () =>
    withProject(async (project) => {
      writeGated(project);
      const first = project.start(['run', 'configs/gated.yaml']);
      await started(project, 1);
      first.kill('SIGINT');
      assert.equal((await first).exitCode, 130);
      const runs = await project.json<{runs: {status: string}[]}>(['ls']);
      assert.equal(runs.runs[0]!.status, 'interrupted');
    }));

  it('a second Ctrl-C kills a command that does not listen', () =>
    withProject(async (project) => {
      writeGated(project);
      const listens = "command: trap 'echo told >> ../told' TERM INT; ";
      project.write('configs/gated.yaml', GATED.replace('command: ', listens));
      const first = project.start(['run', 'configs/gated.yaml']);
      await started(project, 1);
      first.kill('SIGINT');
      await lines(project, {file: 'told', count: 1});
      first.kill('SIGINT');
      assert.equal((await first).exitCode, 130);
    }));
});

/** Makes its output, says so, and ends when the test lets it: nothing is left to write but by the pipeline itself. */
const MADE = GATED.replace(
  /command: .*/,
  'command: echo done > $PIPELINE_OUT_DIR/out; echo started >> ../started; while [ ! -e ../open ]; do sleep 0.02; done',
);

/** Runs the body with the state on a small file system, or skips the test aloud where nobody may mount. */
async function onSmallDisk(
  context: Mocha.Context,
  body: (on: {project: Project; home: string; remount(options: string): void}) => Promise<void>,
): Promise<void> {
  await withProject(async (project) => {
    const mount = {folder: project.folder, options: 'size=512k'};
    if (await withMount(mount, (home, remount) => body({project, home, remount}))) return;
    console.log('      skipped: a file system can be mounted by root only');
    context.skip();
  });
}

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
    await onSmallDisk(this, async ({project, home}) => {
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
    await onSmallDisk(this, async ({project, home}) => {
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
    await onSmallDisk(this, async ({project, home, remount}) => {
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
