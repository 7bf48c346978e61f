import assert from 'node:assert/strict';
import {existsSync, readdirSync, readFileSync} from 'node:fs';
import {join} from 'node:path';
import {type PlanDocument, type Project, withProject} from '../rig.js';
import {GATED, lines, started, writeGated} from './gated.js';
import {WORDS, writeWords} from './words.js';

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
