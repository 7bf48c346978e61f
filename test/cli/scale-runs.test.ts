import assert from 'node:assert/strict';
import {appendFileSync, mkdirSync, readFileSync, writeFileSync} from 'node:fs';
import {join} from 'node:path';
import {type Project, withProject} from '../rig.js';
import {writeWords} from './words.js';

type Listed = Readonly<{
  runs: readonly {run: string; status: string}[];
  unreadable: readonly {run: string; folder: string; why: string}[];
}>;

async function damagedRun(project: Project): Promise<string> {
  writeWords(project);
  for (const name of ['first', 'second']) await project.json(['run', 'words.yaml', '--name', name]);
  const journal = join(project.folder, '.pipeline/runs/second/events.ndjson');
  appendFileSync(journal, 'edited by hand\n');
  project.write('.pipeline/runs/second/run.json', '{"torn');
  return journal;
}

describe('many runs', () => {
  it('are listed without those that cannot be read, which are told', () =>
    withProject(async (project) => {
      const journal = await damagedRun(project);
      const why = `${journal} holds a line that is no event: was the file edited?`;
      const warning = `warning: run second cannot be read: ${why}\n`;
      const {runs, unreadable} = await project.json<Listed>(['ls']);
      assert.deepEqual(
        runs.map(({run}) => run),
        ['first'],
      );
      const folder = join(project.folder, '.pipeline/runs/second');
      assert.deepEqual(unreadable, [{run: 'second', folder, why}]);
      for (const command of [['ls'], ['show', '@last'], ['logs', '@last'], ['status']]) {
        const {code, stderr} = await project.run(command);
        assert.deepEqual([command[0], code, stderr], [command[0], 0, warning]);
      }
      // Whoever names a run is not told of others.
      const {code, stderr} = await project.run(['show', 'first']);
      assert.deepEqual([code, stderr], [0, '']);
      const asked = await project.run(['show', 'second']);
      assert.equal(asked.code, 1);
      assert.match(asked.stderr, /holds a line that is no event/);
    }));

  it('are listed with the newest first, a thousand of them too', () =>
    withProject(async (project) => {
      writeWords(project);
      await project.json(['run', 'words.yaml', '--name', 'run-0']);
      const folder = (index: number): string => join(project.folder, '.pipeline/runs', `run-${index}`);
      const record = JSON.parse(readFileSync(join(folder(0), 'run.json'), 'utf8')) as object;
      for (let index = 1; index < 1000; index++) {
        const startedAt = new Date(Date.UTC(2030, 0, 1) + index * 1000).toISOString();
        mkdirSync(folder(index));
        writeFileSync(
          join(folder(index), 'run.json'),
          JSON.stringify({...record, run: `run-${index}`, startedAt}),
        );
      }
      const {runs, unreadable} = await project.json<Listed>(['ls']);
      const expected = Array.from({length: 1000}, (_, index) => `run-${999 - index}`);
      assert.deepEqual(
        runs.map(({run}) => run),
        expected,
      );
      assert.deepEqual(unreadable, []);
      const latest = await project.json<Listed>(['ls', '--limit', '3']);
      assert.deepEqual(
        latest.runs.map(({run}) => run),
        expected.slice(0, 3),
      );
    }));
});
