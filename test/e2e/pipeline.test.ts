import assert from 'node:assert/strict';
import {mkdtempSync, readFileSync, rmSync} from 'node:fs';
import {tmpdir} from 'node:os';
import {join} from 'node:path';
import {type Project, projectIn} from '../rig.js';
import {decisionsOf, type RunDocument, stageOf, writeSmallDemo} from './small.js';

const ALL = ['dataset', 'split', 'preprocess', 'audit', 'card', 'train', 'predict', 'evaluate', 'report'];
const every = (decision: string): string => ALL.map((id) => `${id} ${decision}`).join(', ');
const AFTER_TRAIN =
  'dataset skip, split skip, preprocess skip, audit skip, card skip, train run, predict run, evaluate run, report run';

describe('the whole pipeline', function () {
  this.timeout(600_000);
  let project: Project;
  let text = '';
  let first: RunDocument;
  const run = (...args: string[]): Promise<RunDocument> =>
    project.json<RunDocument>(['run', 'small.yaml', ...args], {timeoutMs: 300_000});
  const plan = (...args: string[]): Promise<RunDocument> =>
    project.json<RunDocument>(['plan', 'small.yaml', ...args]);

  before(async () => {
    project = projectIn(mkdtempSync(join(tmpdir(), 'pipeline-e2e-')));
    text = writeSmallDemo(project);
    first = await run();
  });
  after(() => rmSync(project.folder, {recursive: true, force: true}));

  it('goes from nothing to a report', () => {
    assert.equal(first.status, 'succeeded');
    assert.equal(decisionsOf(first), every('run'));
    const page = readFileSync(join(stageOf(first, 'report').artifact!, 'report.html'), 'utf8');
    assert.match(page, /<!doctype html>/i);
    assert.match(page, /macro AUROC/);
    const trained = stageOf(first, 'train').summary!;
    assert.equal(trained['ranks'], 2);
    const history = readFileSync(join(stageOf(first, 'train').artifact!, 'history.csv'), 'utf8');
    assert.equal(history.trim().split('\n').length, 3);
  });

  it('numbers every event of the run, those of its trainings too, and keeps the numbers these had', () => {
    const lines = readFileSync(join(project.folder, '.pipeline', 'runs', first.run, 'events.ndjson'), 'utf8')
      .trim()
      .split('\n');
    const events = lines.map(
      (line) => JSON.parse(line) as {seq: number; type: string; stage: string; jobSeq: number},
    );
    const counted = (list: readonly unknown[]): readonly number[] => list.map((_, index) => index + 1);
    assert.deepEqual(
      events.map(({seq}) => seq),
      counted(events),
    );
    const ofTraining = events.filter(({type, stage}) => type === 'job-event' && stage === 'train');
    assert.ok(ofTraining.length > 0);
    assert.deepEqual(
      ofTraining.map(({jobSeq}) => jobSeq),
      counted(ofTraining),
    );
  });

  it('predicts every image of val and test exactly once', () => {
    const folds = rowsOf(join(stageOf(first, 'split').artifact!, 'folds.csv'));
    const expected = folds.filter(([, , fold]) => fold !== 'train').map(([image]) => image);
    const rows = rowsOf(join(stageOf(first, 'predict').artifact!, 'predictions.csv'));
    assert.deepEqual(
      rows.map(([image]) => image),
      expected,
    );
  });

  it('does nothing the second time, and needs no Python for it', async () => {
    const nowhere = {environment: {PIPELINE_PYTHON: '/nowhere/python'}};
    const second = await project.json<RunDocument>(['run', 'small.yaml'], nowhere);
    assert.equal(decisionsOf(second), every('skip'));
    assert.deepEqual(
      second.stages.map(({artifact}) => artifact),
      first.stages.map(({artifact}) => artifact),
    );
  });

  it('plans, explains and runs what another learning rate needs, and restores what the old one made', async () => {
    const planned = await plan('-S', 'train.optimizer.lr=3e-4');
    assert.equal(decisionsOf(planned), AFTER_TRAIN);
    assert.equal(
      stageOf(planned, 'train').because[0]!.text,
      'optimizer.lr 0.001 → 3e-4 (-S train.optimizer.lr=3e-4)',
    );
    // One rank scores as well as two, and starts sooner; it is no reason to run again.
    const changed = text
      .replace('lr: 1e-3', 'lr: 3e-4')
      .replace(/(uses: predict[\s\S]*?)ranks: 2/, '$1ranks: 1');
    const line = changed.split('\n').findIndex((each) => each.includes('lr: 3e-4')) + 1;
    project.write('small.yaml', changed);
    const why = await project.run(['why', 'train', 'small.yaml']);
    assert.match(
      why.stdout,
      new RegExp(`train +RUN +optimizer\\.lr 0\\.001 → 3e-4 \\(small\\.yaml:${line}\\)`),
    );
    const second = await run();
    assert.equal(decisionsOf(second), AFTER_TRAIN);
    assert.notEqual(stageOf(second, 'train').output, stageOf(first, 'train').output);

    project.write('small.yaml', text);
    const third = await run();
    assert.equal(
      decisionsOf(third),
      'dataset skip, split skip, preprocess skip, audit skip, card skip, train restore, predict restore, evaluate restore, report restore',
    );
    assert.equal(stageOf(third, 'train').artifact, stageOf(first, 'train').artifact);
  });

  it('runs nothing for a comment, an order of keys or another folder', async () => {
    const seed = '      ranks: 2\n      seed: 0\n';
    assert.ok(text.includes(seed));
    const stirred = `# a remark\n${text.replace(seed, '      seed: 0 # of weights and order\n      ranks: 2\n')}`;
    project.write('elsewhere/small.yaml', stirred);
    const moved = await project.json<RunDocument>(['run', 'elsewhere/small.yaml']);
    assert.equal(decisionsOf(moved), every('skip'));
  });

  it('writes the report of any run again, and shows the run', async () => {
    const {report} = await project.json<{report: string}>(['report', first.run, '-o', 'again.html']);
    assert.match(readFileSync(report, 'utf8'), /macro AUROC/);
    const shown = await project.json<RunDocument>(['show', first.run]);
    assert.equal(shown.status, 'succeeded');
    const logs = await project.run(['logs', first.run, 'train']);
    assert.match(logs.stdout, /epoch 2\/2/);
  });
});

function rowsOf(path: string): string[][] {
  const [, ...rows] = readFileSync(path, 'utf8').trim().split('\n');
  return rows.map((row) => row.split(','));
}
