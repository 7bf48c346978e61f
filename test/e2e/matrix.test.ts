import assert from 'node:assert/strict';
import {readdirSync, readFileSync} from 'node:fs';
import {join} from 'node:path';
import type {Leaderboard} from '../../pipeline/model/leaderboard.js';
import {type Project, withProject} from '../rig.js';
import {decisionsOf, type RunDocument, type StageDocument, stageOf} from './small.js';

const CONFIG = `pipeline: seeds
stages:
  dataset: {uses: synthesize, params: {images: 40, seed: 1, size: 256}}
  split: {uses: split, params: {method: seeded, seed: 1, fractions: [0.5, 0.25, 0.25]}}
  preprocess: {uses: preprocess, params: {size: 64}}
  train:
    uses: train
    matrix:
      seed: [0, 1]
    params:
      epochs: 1
      threads: 1
      device: cpu
      batch_size: 10
      input: {crop: 32}
      optimizer: {name: adamw, lr: 1e-3}
  predict: {uses: predict, params: {device: cpu, threads: 1}}
  evaluate: {uses: evaluate, params: {resamples: 20}}
  board: {uses: leaderboard}
`;
const SHARED = ['dataset', 'split', 'preprocess'];
const MEMBERS = (seeds: readonly number[]) =>
  ['train', 'predict', 'evaluate'].flatMap((name) => seeds.map((seed) => `${name}[seed=${seed}]`));

function ran({stages}: RunDocument): readonly string[] {
  return stages.filter(({decision}) => decision === 'run').map(({id}) => id);
}

const run = (project: Project, ...more: string[]) =>
  project.json<RunDocument>(['run', 'c.yaml', ...more], {timeoutMs: 500_000});

describe('a training from several seeds', function () {
  this.timeout(600_000);

  it('runs a member for each, keeps them apart, runs only what is new, and gathers them', () =>
    withProject(async (project) => {
      project.write('c.yaml', CONFIG);
      const first = await run(project);
      assert.deepEqual(ran(first), [...SHARED, ...MEMBERS([0, 1]), 'board']);
      checkApart(project, first);
      await checkBoard(project, [0, 1]);
      await checkReports(project, first.run);

      const again = await run(project);
      assert.equal(
        decisionsOf(again),
        [...SHARED, ...MEMBERS([0, 1]), 'board'].map((id) => `${id} skip`).join(', '),
      );

      const more = ['plan', 'c.yaml', '-S', 'stages.train.matrix.seed=[0,1,2]'];
      assert.deepEqual(ran(await project.json<RunDocument>(more)), [...MEMBERS([2]), 'board']);

      const fewer = await run(project, '-S', 'stages.train.matrix.seed=[1]');
      assert.deepEqual(ran(fewer), ['board']);
      assert.deepEqual(
        stageOf(fewer, 'board').because.map(({text}) => text),
        ['train', 'predict', 'evaluate'].map((name) => `needs ${name}[seed=0] no longer`),
      );
      await checkBoard(project, [1]);
      await checkCommands(project, first.run);
    }));
});

/** Each member has its own artifact, story and link; trainings never overlap. */
function checkApart(project: Project, {folder, stages}: RunDocument): void {
  const members = stages.filter(({id}) => id.startsWith('train['));
  assert.equal(new Set(members.map(({artifact}) => artifact)).size, 2);
  assert.deepEqual(readdirSync(join(folder, 'artifacts')).sort(), stages.map(({id}) => id).sort());
  const text = readFileSync(join(folder, 'events.ndjson'), 'utf8');
  const news = text
    .split('\n')
    .filter((line) => /"type":"stage-(?:started|finished)"/.test(line) && line.includes('"stage":"train['))
    .map((line) => JSON.parse(line) as {type: string; stage: string});
  assert.deepEqual(
    news.map(({type, stage}) => `${stage} ${type}`),
    [0, 1].flatMap((seed) => [`train[seed=${seed}] stage-started`, `train[seed=${seed}] stage-finished`]),
  );
  const origin = / {6}seed: # c\.yaml:9\n {8}- 0\n/;
  assert.match(readFileSync(join(folder, 'config.resolved.yaml'), 'utf8'), origin);
  assert.ok(project.has('c.yaml'));
}

/** Without a wish, of the first member; else of any that was scored. */
async function checkReports(project: Project, name: string): Promise<void> {
  const [zero, one] = ['evaluate[seed=0]', 'evaluate[seed=1]'];
  const first = await project.run(['report', name]);
  assert.equal(first.stderr, `it is of ${zero}; with --member also of ${one}\n`);
  type Report = Readonly<{member: string; others: readonly string[]}>;
  const {member, others} = await project.json<Report>(['report', name, '--member', 'train[seed=1]']);
  assert.deepEqual([member, others], [one, [zero]]);
  for (const [wanted, message] of [
    ['train', `--member train is not one member\n  hint: name one: ${zero} or ${one}\n`],
    [
      'train[seed=7]',
      `--member train[seed=7] was not scored in this run\n  hint: name one: ${zero} or ${one}\n`,
    ],
  ] as const) {
    const refused = await project.run(['report', name, '--member', wanted]);
    assert.deepEqual([refused.code, refused.stderr.replace(/^error: /, '')], [2, message]);
  }
}

async function checkBoard(project: Project, seeds: readonly number[]): Promise<void> {
  type Shown = {stages: readonly (StageDocument & {leaderboard?: Leaderboard})[]};
  const shown = await project.json<Shown>(['show']);
  const board = shown.stages.find(({id}) => id === 'board')!.leaderboard!;
  assert.deepEqual(board.varied, ['seed']);
  assert.deepEqual(board.rows.map(({values}) => values['seed']).sort(), seeds);
  const scores = board.rows.map(({val}) => (val?.macro_auroc.defined ? val.macro_auroc.value : null));
  assert.deepEqual(
    scores,
    [...scores].sort((one, other) => Number(other) - Number(one)),
  );
  assert.ok(board.rows.every(({rank, device, seconds}) => rank !== null && device === 'cpu' && seconds > 0));
  const [group] = board.groups;
  assert.equal(board.groups.length, 1);
  assert.deepEqual(
    [group!.val.n, group!.test.n, group!.seeds.length],
    seeds
      .map(() => seeds.length)
      .slice(0, 1)
      .concat(seeds.length, seeds.length),
  );
  const words = await project.run(['show']);
  assert.match(words.stdout, /board: ranked by the macro AUROC on the validation fold/);
  assert.match(words.stdout, new RegExp(`train +${seeds.length} +0\\.\\d+ (?:no )?sd`));
}

/** Members and all of them at once, by name. */
async function checkCommands(project: Project, name: string): Promise<void> {
  const logs = await project.run(['logs', name, 'train[seed=1]']);
  assert.match(logs.stdout, /train\[seed=1\] +ran/);
  assert.doesNotMatch(logs.stdout, /seed=0/);
  assert.match((await project.run(['logs', name, 'train'])).stdout, /seed=0[\s\S]*seed=1\] +ran/);
  const why = await project.run(['why', 'evaluate[seed=1]', 'c.yaml']);
  assert.equal(why.stdout, 'evaluate[seed=1]  SKIP  unchanged\n');
  const forced = await project.json<RunDocument>(['plan', 'c.yaml', '--force=train[seed=1]']);
  assert.equal(
    decisionsOf({stages: forced.stages.filter(({id}) => id.startsWith('train['))}),
    'train[seed=0] skip, train[seed=1] run',
  );
  const unknown = await project.run(['run', 'c.yaml', '--only', 'train[seed=7],train[sead=1]']);
  assert.equal(unknown.code, 2);
  assert.match(
    unknown.stderr,
    /train\[seed=7\]: there is no such stage[\s\S]*train\[sead=1\]: there is no such stage/,
  );
}
