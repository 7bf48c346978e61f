import assert from 'node:assert/strict';
import {spawn} from 'node:child_process';
import {once} from 'node:events';
import {rmSync} from 'node:fs';
import {join} from 'node:path';
import {killGroup} from '../../pipeline/execute/process-group.js';
import {type ProcessNote, startTimeOf} from '../../pipeline/store/processes.js';
import {type Project, withProject} from '../rig.js';
import {attemptOf, GATED, started, writeGated} from './gated.js';

type Stopped = Readonly<{run: string | null; stopped: boolean; state: string | null}>;

const run = (project: Project, name: string, config = 'configs/gated.yaml') =>
  project.start(['run', config, '--name', name]);

describe('pipeline stop, beside others', () => {
  it('only waits while somebody else tells the run, and says how it ended by itself', () =>
    withProject(async (project) => {
      project.write(
        'gated.yaml',
        GATED.replaceAll('../', '').replace('echo done', '[ -e fine ] && echo done'),
      );
      for (const [name, state] of [
        ['calm-carina', 'failed'],
        ['merry-moss', 'succeeded'],
      ] as const) {
        const running = run(project, name, 'gated.yaml');
        await started(project, state === 'failed' ? 1 : 2);
        // This process is about to tell it.
        noteRequest(project, name, {startTime: startTimeOf(process.pid)!});
        const stopping = project.start(['stop', '--json']);
        await once(stopping.stderr!, 'data');
        project.write('open', '');
        const document = JSON.parse(String((await stopping).stdout)) as Stopped;
        assert.deepEqual([document.run, document.stopped, document.state], [name, false, state]);
        assert.equal((await running).exitCode, state === 'failed' ? 1 : 0);
        assert.ok(!project.has(REQUEST(name)));
        rmSync(join(project.folder, 'open'));
        project.write('fine', '');
      }
    }));

  it('tells the run when whoever meant to was killed before', () =>
    withProject(async (project) => {
      writeGated(project);
      const running = run(project, 'calm-carina');
      await started(project, 1);
      noteRequest(project, 'calm-carina', {startTime: 'long ago'});
      const stopped = await project.json<Stopped>(['stop']);
      assert.deepEqual([stopped.stopped, stopped.state], [true, 'interrupted']);
      assert.equal((await running).exitCode, 130);
    }));

  it('leaves another run alone that waits for the same artifact, also with --now', () =>
    withProject(async (project) => {
      writeGated(project);
      project.write('configs/other.yaml', GATED.replace('pipeline: gated', 'pipeline: other'));
      const first = run(project, 'calm-carina');
      await started(project, 1);
      const second = run(project, 'merry-moss', 'configs/other.yaml');
      await said(second, /waits for process \d+/);
      assert.equal((await project.run(['stop', '--now', 'calm-carina'])).code, 0);
      await first;
      await started(project, 2);
      project.write('open', '');
      assert.equal((await second).exitCode, 0, String((await second).stderr));
    }));

  it('is not needed to see what is under way: status --json tells it beside the faults of a configuration', () =>
    withProject(async (project) => {
      writeGated(project);
      const running = run(project, 'calm-carina');
      await started(project, 1);
      project.write('configs/gated.yaml', GATED.replace('uses: exec', 'uses: exce'));
      const {code, stdout, stderr} = await project.run(['status', '--json']);
      assert.equal(code, 2);
      const {diagnostics, running: told} = JSON.parse(stdout) as {
        diagnostics: readonly {message: string}[];
        running: readonly {run: string; state: string}[];
      };
      assert.equal(diagnostics.length, 1);
      assert.match(stderr, /exce/);
      assert.deepEqual(
        told.map((one) => `${one.run} ${one.state}`),
        ['calm-carina running'],
      );
      project.write('open', '');
      assert.equal((await running).exitCode, 0);
    }));

  it('kills with --now what its own run has left, and nothing of another run', () =>
    withProject(async (project) => {
      writeGated(project);
      const driver = run(project, 'calm-carina');
      await started(project, 1);
      const {fingerprint, attempt} = attemptOf(project);
      const [own] = attempt.children;
      driver.kill('SIGKILL');
      await driver;
      const other = spawn('sleep', ['600'], {detached: true, stdio: 'ignore'});
      try {
        const identity = {pid: other.pid!, startTime: startTimeOf(other.pid!)!};
        const theirs = {...attempt, number: 0, run: 'merry-moss', children: [{...own!, ...identity}]};
        const attempts = {schema: 'pipeline/attempts/v1', attempts: [theirs, attempt]};
        project.write(`.pipeline/resume/${fingerprint}.json`, JSON.stringify(attempts));
        // Of a run without a driver only a job makes that it goes on; this one's agent cannot be spoken to.
        const endpoint = {pid: identity.pid, start_time: identity.startTime};
        project.write(`.pipeline/resume/${fingerprint}/job/endpoint.json`, JSON.stringify(endpoint));
        const stopped = await project.run(['stop', '--now']);
        assert.equal(stopped.code, 0, stopped.stderr);
        assert.deepEqual([startTimeOf(own!.pid), startTimeOf(other.pid!)], [null, identity.startTime]);
      } finally {
        killGroup(own!.pid, 'SIGKILL');
        other.kill('SIGKILL');
      }
    }));
});

const REQUEST = (name: string): string => `.pipeline/runs/${name}/stop-request.json`;

/** As `stop` does before it tells the driver. */
function noteRequest(project: Project, name: string, {startTime}: {startTime: string}): void {
  const driver = JSON.parse(project.read(`.pipeline/runs/${name}/process.json`)) as ProcessNote;
  project.write(REQUEST(name), JSON.stringify({...driver, pid: process.pid, startTime}));
}

/** Resolves once the process has said so on stderr. */
async function said(child: ReturnType<Project['start']>, pattern: RegExp): Promise<void> {
  for (let text = ''; !pattern.test(text); ) {
    const [chunk] = (await once(child.stderr!, 'data')) as [Buffer];
    text += chunk.toString();
  }
}
