import assert from 'node:assert/strict';
import {existsSync, readFileSync} from 'node:fs';
import {join} from 'node:path';
import {setTimeout as delay} from 'node:timers/promises';
import {execa} from 'execa';
import {type PlanDocument, type Project, withProject} from '../rig.js';
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
  for (let round = 0; round < 1000; round++) {
    if (project.has('started') && project.read('started').split('\n').length > times) return;
    await delay(20);
  }
  throw new Error('the stage did not start');
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
      assert.match(result.stderr, /1 s/);
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
      const first = project.start(['run', 'configs/gated.yaml']);
      await started(project, 1);
      first.kill('SIGKILL');
      await first;
      const second = project.start(['run', 'configs/gated.yaml', '--json']);
      await started(project, 2);
      const {stdout} = await execa('pgrep', ['-fc', `${project.folder}|PIPELINE_OUT_DIR/out`], {
        reject: false,
      });
      project.write('open', '');
      assert.equal((await second).exitCode, 0, stdout);
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
      project.write('configs/gated.yaml', GATED.replace('command: ', "command: trap '' TERM INT; "));
      const first = project.start(['run', 'configs/gated.yaml']);
      await started(project, 1);
      first.kill('SIGINT');
      await delay(300);
      first.kill('SIGINT');
      assert.equal((await first).exitCode, 130);
    }));
});

describe('file systems', () => {
  for (const [name, options, expected] of [
    ['a full disk', 'size=64k', /no space left|disk is full/i],
    ['a read-only state folder', 'size=64k,ro', /read-only/i],
  ] as const) {
    it(`${name} is said in one message`, async function () {
      await withProject(async (project) => {
        writeWords(project, WORDS.replace('cp words.txt', 'head -c 200000 /dev/zero >'));
        project.write('.pipeline/here', '');
        const mount = await execa(
          'mount',
          ['-t', 'tmpfs', '-o', options, 'tmpfs', join(project.folder, '.pipeline')],
          {reject: false},
        );
        if (mount.exitCode !== 0) {
          console.log(`      skipped: mount is not allowed here (${mount.stderr})`);
          this.skip();
        }
        try {
          const result = await project.run(['run', 'words.yaml']);
          assert.equal(result.code, 1);
          assert.match(result.stderr, expected);
          assert.doesNotMatch(result.stderr, /\n\s+at /);
        } finally {
          await execa('umount', [join(project.folder, '.pipeline')]);
        }
      });
    });
  }

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
