import assert from 'node:assert/strict';
import {appendFileSync, cpSync, readdirSync, readFileSync, readlinkSync, rmSync} from 'node:fs';
import {join} from 'node:path';
import type {Event} from '../../pipeline/model/event.js';
import type {Failure} from '../../pipeline/model/failure.js';
import type {RunRecord} from '../../pipeline/model/record.js';
import {addRun, FINISHED, ranWith, started, timedStore} from './demo-run.js';
import {expectOk, fingerprint, inFolder, make, STAGE} from './workplace.js';

describe('the journal of a run', () => {
  it('numbers and dates what it is told, a line each, and folds it into run.json', () =>
    inFolder((folder) => {
      const {runs, layout} = timedStore(folder);
      const journal = expectOk(runs.create({name: 'calm-carina'}));
      assert.equal(journal.record(), null);
      journal.append(started('calm-carina'));
      const event = journal.append({type: 'stage-started', stage: STAGE, attempt: 2});
      assert.deepEqual(event, {
        seq: 2,
        at: '2026-01-05T10:00:02.000Z',
        type: 'stage-started',
        stage: STAGE,
        attempt: 2,
      });
      journal.append(FINISHED);
      expectOk(journal.close());

      const lines = readFileSync(join(journal.folder, 'events.ndjson'), 'utf8').split('\n');
      assert.equal(lines.length, 4);
      assert.deepEqual(JSON.parse(lines[1]!), event);
      const record: RunRecord = JSON.parse(
        readFileSync(join(layout.runs, 'calm-carina', 'run.json'), 'utf8'),
      );
      assert.deepEqual(record, journal.record());
      assert.deepEqual(record, expectOk(runs.read(expectOk(runs.resolve('calm-carina')))));
      assert.deepEqual([record.status, record.stages[1]!.attempts], ['succeeded', 2]);
    }));

  it('is read while it is written, from where the reader stopped', () =>
    inFolder((folder) => {
      const {runs} = timedStore(folder);
      const journal = expectOk(runs.create({name: 'calm-carina'}));
      journal.append(started('calm-carina'));
      const place = expectOk(runs.resolve('calm-carina'));
      const first = expectOk(runs.events(place));
      assert.equal(first.events.length, 1);
      assert.deepEqual(expectOk(runs.events(place, first.nextByte)).events, []);
      journal.append(FINISHED);
      const [event] = expectOk(runs.events(place, first.nextByte)).events as [Event];
      assert.equal(event.seq, 2);
      expectOk(journal.close());
    }));

  it('may end in a torn line, but a torn line inside it is named', () =>
    inFolder((folder) => {
      const {runs} = timedStore(folder);
      addRun(timedStore(folder), 'calm-carina');
      const place = expectOk(runs.resolve('calm-carina'));
      const file = join(place.folder, 'events.ndjson');
      appendFileSync(file, '{"seq":3,"at":"2026-');
      assert.equal(expectOk(runs.events(place)).events.length, 2);
      appendFileSync(file, '\n');
      const read = runs.events(place);
      assert.ok(!read.ok);
      const {diagnostics} = read.error as Extract<Failure, {reason: 'invalid-input'}>;
      assert.deepEqual(diagnostics[0]!.location, {file, line: 3, column: 1, length: 20});
    }));

  it('links each stage to its artifact so that a copied state directory keeps the links', () =>
    inFolder(async (folder) => {
      const store = timedStore(folder);
      await make(store, {'best.pt': 'one'});
      const journal = expectOk(store.runs.create({name: 'calm-carina'}));
      journal.append(started('calm-carina'));
      journal.append(ranWith(fingerprint().digest));
      expectOk(journal.close());
      const link = join('runs', 'calm-carina', 'artifacts', 'train');
      assert.equal(readlinkSync(join(store.home, link)), `../../../artifacts/${fingerprint().digest}`);
      cpSync(store.home, join(folder, 'copied'), {recursive: true, verbatimSymlinks: true});
      rmSync(store.home, {recursive: true});
      assert.equal(readFileSync(join(folder, 'copied', link, 'best.pt'), 'utf8'), 'one');
    }));

  it('takes files into the run folder and leaves no temporary one', () =>
    inFolder((folder) => {
      const journal = expectOk(timedStore(folder).runs.create({name: 'calm-carina'}));
      expectOk(journal.writeFile('environment.json', '{}\n'));
      expectOk(journal.writeFile('environment.json', '{"node": 20}\n'));
      expectOk(journal.close());
      assert.deepEqual(readdirSync(journal.folder).sort(), [
        'environment.json',
        'events.ndjson',
        'process.json',
      ]);
      assert.equal(readFileSync(join(journal.folder, 'environment.json'), 'utf8'), '{"node": 20}\n');
    }));
});
