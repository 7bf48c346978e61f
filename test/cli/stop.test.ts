import assert from 'node:assert/strict';
import {once} from 'node:events';
import {mkdirSync, writeFileSync} from 'node:fs';
import {join} from 'node:path';
import {type Project, withProject} from '../rig.js';
import {attemptOf, GATED, lines, started, writeGated} from './gated.js';

type Stopped = Readonly<{
  run: string | null;
  stopped: boolean;
  state: string | null;
  stages: readonly unknown[];
}>;

const run = (project: Project, name: string, config = 'configs/gated.yaml') =>
  project.start(['run', config, '--name', name]);

describe('pipeline stop', () => {
  it('says that nothing runs, and of a run how it had ended', () =>
    withProject(async (project) => {
      const idle = await project.run(['stop']);
      assert.deepEqual([idle.code, idle.stdout], [0, '']);
      assert.match(idle.stderr, /^nothing runs in .*\.pipeline\n$/);
      writeGated(project);
      project.write('open', '');
      await run(project, 'calm-carina');
      const ended = await project.run(['stop', 'calm']);
      assert.deepEqual([ended.code, ended.stderr], [0, 'run calm-carina does not run: it is succeeded\n']);
      assert.deepEqual(await project.json<Stopped>(['stop', '@last']), {
        ...{schema: 'pipeline/stop/v1', run: 'calm-carina', stopped: false, state: 'succeeded', stages: []},
      });
      assert.equal((await project.run(['stop', 'nobody'])).code, 2);
    }));

  it('ends the run that is under way as Ctrl-C does, and asks which one where there are several', () =>
    withProject(async (project) => {
      writeGated(project);
      project.write(
        'configs/other.yaml',
        GATED.replace('pipeline: gated', 'pipeline: other').replace('echo done', 'echo other'),
      );
      const [one, two] = [run(project, 'calm-carina'), run(project, 'merry-moss', 'configs/other.yaml')];
      await started(project, 2);
      const which = await project.run(['stop']);
      assert.equal(which.code, 2);
      assert.match(
        which.stderr,
        /2 runs are under way: (calm-carina|merry-moss) and (calm-carina|merry-moss)/,
      );
      assert.match(which.stderr, /which one: pipeline stop /);

      const stopped = await project.run(['stop', 'calm-carina']);
      assert.deepEqual(
        [stopped.code, stopped.stderr],
        [0, 'run calm-carina saves what it has and ends; waiting\n'],
      );
      const said = [
        'run calm-carina is stopped',
        '  wait  stopped before its end',
        'go on: pipeline resume calm-carina',
      ];
      assert.equal(stopped.stdout, `${said.join('\n')}\n`);
      assert.equal((await one).exitCode, 130);
      assert.match(String((await one).stderr), /^stopping: what is done is saved/m);

      const document = await project.json<Stopped>(['stop', '--now']);
      const {run: name, stopped: isStopped, state} = document;
      assert.deepEqual([name, isStopped, state], ['merry-moss', true, 'interrupted']);
      const {exitCode, signal} = await two;
      // It may be on its way out when it is told again.
      assert.ok(exitCode === 130 || signal === 'SIGTERM', `${exitCode} ${signal}`);
    }));

  it('only waits when a run was told before, since a second request would kill', () =>
    withProject(async (project) => {
      const saves =
        'echo saving >> ends; while [ ! -e saved ]; do sleep 0.02; done; echo saved >> ends; exit 1';
      const config = GATED.replaceAll('../', '').replace(
        'echo started',
        `trap '${saves}' TERM; echo started`,
      );
      project.write('gated.yaml', config);
      const running = run(project, 'calm-carina', 'gated.yaml');
      await started(project, 1);
      const first = project.run(['stop']);
      await lines(project, {file: 'ends', count: 1});
      const status = await project.json<{running: readonly {stopping: boolean}[]}>(['status']);
      assert.deepEqual(
        status.running.map(({stopping}) => stopping),
        [true],
      );
      const second = project.start(['stop']);
      await once(second.stderr!, 'data');
      project.write('saved', '');
      assert.deepEqual([(await first).code, (await second).exitCode, (await running).exitCode], [0, 0, 130]);
      assert.equal(project.read('ends'), 'saving\nsaved\n');
    }));

  it('is told all the same what it cannot read of a job', () =>
    withProject(async (project) => {
      writeGated(project);
      const running = run(project, 'calm-carina');
      await started(project, 1);
      const {fingerprint} = attemptOf(project);
      mkdirSync(join(project.folder, `.pipeline/resume/${fingerprint}/job/journal.ndjson`), {
        recursive: true,
      });
      const stopped = await project.run(['stop']);
      assert.match(
        stopped.stdout,
        /^run calm-carina is stopped\n {2}wait {2}stopped; what it saved cannot be read: /,
      );
      assert.deepEqual([stopped.code, (await running).exitCode], [0, 130]);
    }));

  it('says on which host a run is driven that cannot be asked from here', () =>
    withProject(async (project) => {
      writeGated(project);
      const running = run(project, 'calm-carina');
      await started(project, 1);
      const note = join(project.folder, '.pipeline/runs/calm-carina/process.json');
      const process = JSON.parse(project.read('.pipeline/runs/calm-carina/process.json')) as object;
      writeFileSync(note, JSON.stringify({...process, host: 'gaudi1'}));
      for (const args of [['stop'], ['stop', 'calm-carina']]) {
        const refused = await project.run(args);
        assert.equal(refused.code, 2);
        assert.match(refused.stderr, /run calm-carina is driven by process \d+ on /);
        assert.match(
          refused.stderr,
          /which cannot be asked from here\n {2}hint: on .*: pipeline stop calm-carina/,
        );
      }
      const status = await project.run(['status']);
      assert.match(
        status.stdout,
        /^calm-carina {2}driver pid \d+ on .*, which cannot be asked from here · last word .* ago\n {2}wait {2}/,
      );
      const listed = await project.run(['ls']);
      assert.match(listed.stdout, /unfinished \(on /);
      project.write('open', '');
      assert.equal((await running).exitCode, 0);
    }));
});
