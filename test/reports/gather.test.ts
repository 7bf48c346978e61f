import assert from 'node:assert/strict';
import {mkdirSync, readFileSync, writeFileSync} from 'node:fs';
import {join} from 'node:path';
import type {Digest, StageId} from '../../pipeline/model/stage.js';
import type {ArtifactRef, ArtifactType} from '../../pipeline/model/stage-kind.js';
import {evaluate} from '../../pipeline/stages/evaluate.js';
import {preprocess} from '../../pipeline/stages/preprocess/stage.js';
import {gatherReportFacts} from '../../pipeline/stages/report/facts.js';
import {renderPage} from '../../pipeline/stages/report/page.js';
import {split} from '../../pipeline/stages/split/stage.js';
import {synthesize} from '../../pipeline/stages/synthesize/stage.js';
import {type Bench, withBench} from '../stages/rig.js';
import {textOf} from './rig.js';
import {demoFacts} from './sample.js';
import {digestOf} from './sample-evaluation.js';

const RUN = 'quiet-heron';

/** Real artifacts of the data stages, the others and the run folder in the form in which they are kept. */
async function withRun(
  body: (run: {needs: ArtifactRef[]; runFolder: string; bench: Bench}) => void,
): Promise<void> {
  await withBench(async (bench) => {
    const dataset = await bench.run(synthesize, {images: 40, seed: 3, size: 256});
    const folds = await bench.run(split, {method: 'seeded', seed: 1}, {needs: [dataset.artifact]});
    const images = await bench.run(preprocess, {size: 64}, {needs: [dataset.artifact]});
    const model = artifactIn(bench, {
      type: 'model',
      uses: 'train',
      params: {epochs: 2, optimizer: {lr: 0.001}},
    });
    const evaluation = artifactIn(bench, {type: 'evaluation', uses: 'evaluate', params: {resamples: 100}});
    bench.write('artifacts/model/history.csv', HISTORY);
    bench.write('artifacts/evaluation/evaluation.json', JSON.stringify(demoFacts().evaluation));
    const needs = [dataset.artifact, folds.artifact, images.artifact, model, evaluation];
    for (const [ref, summary] of [
      [images.artifact, images.result.ok ? images.result.value : {}],
      [model, {device: 'cpu', ranks: 2}],
      [evaluation, {}],
    ] as const)
      writeFileSync(join(ref.path, 'stage.json'), JSON.stringify(recordOf(ref, summary)));
    const runFolder = join(bench.folder, 'runs', RUN);
    writeRun(runFolder, evaluation.fingerprint);
    body({needs, runFolder, bench});
  });
}

const HISTORY = `epoch,train_loss,val_loss,val_auroc_macro,val_auroc_defined,learning_rate,seconds,train_seconds,images_per_second,step_ms_p50,step_ms_p95,step_ms_max,loader_stall_share,peak_memory_bytes,is_best
1,0.31,0.29,,0,0.001,9.5,8.1,51.2,300.1,310.2,420.9,0.013,,true
2,0.28,0.27,0.612,9,0.0005,9.1,8.0,52.0,299.1,309.2,400.9,0.011,,true
`;

function artifactIn(
  bench: Bench,
  of: {type: ArtifactType; uses: string; params: ArtifactRef['params']},
): ArtifactRef {
  const path = join(bench.folder, 'artifacts', of.type);
  mkdirSync(path, {recursive: true});
  // The name of the folder is the fingerprint, as in the state directory.
  return {stage: of.uses as StageId, ...of, path, output: digestOf(of.type), fingerprint: of.type as Digest};
}

function recordOf(ref: ArtifactRef, summary: object): object {
  const {stage: id, uses, type, output, fingerprint} = ref;
  return {
    schema: 'pipeline/stage/v1',
    ...{id, uses, type, output, summary, run: RUN},
    fingerprint: {digest: fingerprint, parts: {}},
    outputs: [{path: 'a', bytes: 1500, sha256: output}],
    ...{
      finishedAt: '2026-03-03T14:05:00.000Z',
      seconds: 12.5,
      attempt: 2,
      resumedFrom: {attempt: 1, run: RUN},
      tainted: [],
    },
  };
}

function writeRun(folder: string, evaluated: Digest): void {
  const job = {type: 'job-event', stage: 'train', job: 'j', jobSeq: 2};
  const device = {
    type: 'device',
    name: 'cpu',
    description: '1 thread',
    because: 'asked for',
    torch: '2.13.0',
    ranks: 2,
  };
  const exited = {type: 'exited', code: null, signal: null, rank: null, error: null, rank_exits: []};
  const decided = {type: 'stage-decided', stage: 'evaluate', fingerprint: evaluated};
  const events = [
    {
      type: 'run-started',
      run: RUN,
      pipeline: 'demo',
      config: {file: 'demo.yaml', digest: digestOf('c')},
      stages: ['evaluate', 'report'],
      argv: ['run', 'demo.yaml'],
      message: null,
      tags: {},
      pid: 1,
      host: 'h',
    },
    {...job, event: {...device, resumed_from_step: null}},
    {
      ...job,
      event: {
        ...exited,
        signal: 'SIGKILL',
        rank: 1,
        rank_exits: [{rank: 1, code: null, signal: 'SIGKILL', error: null}],
      },
    },
    {...job, event: {...exited, signal: 'SIGTERM'}},
    {...job, event: {...device, resumed_from_step: 40}},
    {type: 'stage-progress', stage: 'train', done: 1, total: 2, unit: 'steps'},
    {...decided, decision: {action: 'run', because: [{code: 'first-run', text: 'it has not run before'}]}},
  ];
  mkdirSync(folder, {recursive: true});
  const lines = events.map((event, index) =>
    JSON.stringify({seq: index + 1, at: '2026-03-03T14:02:11.000Z', ...event}),
  );
  writeFileSync(join(folder, 'events.ndjson'), `${lines.join('\n')}\n{"seq":6,"at":"torn`);
  writeFileSync(
    join(folder, 'config.resolved.yaml'),
    'pipeline: demo\nstages:\n  train: # demo.yaml:3\n    uses: train\n    params:\n      epochs: 2 # demo.yaml:6\n      optimizer: # demo.yaml:7\n        lr: 0.001 # -S train.optimizer.lr=1e-3\n  evaluate: # demo.yaml:9\n    params:\n      resamples: 100 # default\n',
  );
  writeFileSync(join(folder, 'source.patch'), 'one\ntwo\n');
  writeFileSync(
    join(folder, 'environment.json'),
    JSON.stringify({
      ...{
        schema: 'pipeline/environment/v1',
        pipeline: '0.1.0',
        node: 'v20.19.5',
        platform: 'linux',
        architecture: 'x64',
        kernel: '6.1',
      },
      ...{distribution: 'Debian GNU/Linux 12', processor: null, cores: 2, memory_bytes: 8e9},
      python: {
        executable: '/py',
        origin: 'the pipeline’s own',
        packages: {torch: '2.13.0', numpy: '2.3.1', six: '1'},
      },
      source: {git: true, commit: 'c0ffee', uncommitted: true, untracked: []},
    }),
  );
}

describe('The facts of a report', () => {
  it('are read from artifacts and the run folder', async () => {
    await withRun(({needs, runFolder}) => {
      const facts = gatherReportFacts({title: null, needs, runFolder});
      assert.equal(facts.title, 'demo');
      assert.deepEqual([facts.data.origin, facts.data.images, facts.data.whole], ['synthetic', 40, null]);
      assert.equal(
        facts.split.folds.reduce((sum, fold) => sum + fold.images, 0),
        40,
      );
      assert.deepEqual(
        facts.split.audit.slice(0, 2).map(({title, count, status}) => [title, count, status]),
        [
          ['Patients in more than one fold', 0, 'passed'],
          ['Images in more than one fold', 0, 'passed'],
        ],
      );
      assert.deepEqual(facts.images, {count: 40, size: 64, quarantined: 0, examples: []});
      assert.deepEqual(facts.training.device, {
        name: 'cpu',
        ranks: 2,
        description: '1 thread',
        because: 'asked for',
        torch: '2.13.0',
      });
      assert.deepEqual(facts.training.resumedFromSteps, [40]);
      assert.deepEqual(facts.training.interruptions, ['rank 1 was killed (SIGKILL)', 'it was told to stop']);
      assert.deepEqual(
        facts.training.epochs.map(({epoch, val_auroc_macro, is_best}) => [epoch, val_auroc_macro, is_best]),
        [
          [1, null, true],
          [2, 0.612, true],
        ],
      );
      assert.deepEqual(facts.settings.slice(-3), [
        {path: 'train.epochs', value: 2, origin: 'demo.yaml:6'},
        {path: 'train.optimizer.lr', value: 0.001, origin: '-S train.optimizer.lr=1e-3'},
        {path: 'evaluate.resamples', value: 100, origin: 'default'},
      ]);
      assert.deepEqual(facts.environment?.source, {commit: 'c0ffee', uncommitted: true, patchLines: 2});
      assert.deepEqual(
        facts.stages.map(({id, action, because, artifact}) => [
          id,
          action,
          because[0],
          artifact?.bytes ?? null,
        ]),
        [
          ['evaluate', 'run', 'it has not run before', 1500],
          ['report', 'skip', 'not part of this run', null],
        ],
      );
    });
  });

  it('are enough for a page, also when run folder and journal of the training are gone', async () => {
    await withRun(({needs, runFolder, bench}) => {
      const journal = readFileSync(join(runFolder, 'events.ndjson'), 'utf8').split('\n')[0]!;
      const copy = bench.write('elsewhere/copy/events.ndjson', `${journal}\n`);
      const facts = gatherReportFacts({title: 'A copy', needs, runFolder: join(copy, '..')});
      assert.deepEqual(
        [facts.training.device.torch, facts.config.text, facts.environment],
        [null, null, null],
      );
      assert.match(textOf(renderPage(facts)), /A copy\n[\s\S]*The run recorded no environment\./);
    });
  });

  it('hold published results only for the CheXNet lists, scored on their test images', async () => {
    await withRun(({needs, runFolder}) => {
      const folder = (type: ArtifactType): string => needs.find((ref) => ref.type === type)!.path;
      const evaluation = demoFacts().evaluation;
      const listed = 'bbe3774c320aeb699e89ffd8a7d9f4ce7d230b1c16f4c4b7e9a2862383b17ec2' as Digest;
      const card = JSON.parse(readFileSync(join(folder('folds'), 'card.json'), 'utf8')) as object;
      const splitWith = (published: string | null, method: string, images: Digest) => {
        const folds = evaluation.folds.map((fold) => ({...fold, digests: {...fold.digests, images}}));
        writeFileSync(join(folder('evaluation'), 'evaluation.json'), JSON.stringify({...evaluation, folds}));
        writeFileSync(
          join(folder('folds'), 'card.json'),
          JSON.stringify({...card, published, method, seed: 1, val_fraction: 0.125}),
        );
        return gatherReportFacts({title: null, needs, runFolder}).split;
      };
      assert.equal(splitWith('chexnet', 'lists', listed).method, 'chexnet-lists');
      // The same test images with other train and val, and the lists with other images scored.
      const other = splitWith(null, 'lists', listed);
      assert.deepEqual([other.method, other.description], ['other', 'lists that the user gave']);
      assert.equal(splitWith('chexnet', 'lists', digestOf('a part')).method, 'other');
      assert.match(splitWith('official', 'official', listed).description, /^the publisher’s test part,/);
      assert.match(splitWith(null, 'official', listed).description, /^a test part that the user gave,/);
    });
  });

  it('tell what of the folds is there where they are of the tables of more images', async () => {
    await withRun(({needs, runFolder}) => {
      const dataset = needs.find((ref) => ref.type === 'dataset')!.path;
      const lines = readFileSync(join(dataset, 'metadata.csv'), 'utf8').trimEnd().split('\n');
      writeFileSync(join(dataset, 'metadata.csv'), `${lines.slice(0, 16).join('\n')}\n`);
      const {folds, notInAFold} = gatherReportFacts({title: null, needs, runFolder}).split;
      assert.equal(notInAFold, 0);
      const sum = (count: (fold: (typeof folds)[number]) => number): number =>
        folds.reduce((total, fold) => total + count(fold), 0);
      assert.deepEqual([sum(({images}) => images), sum(({here}) => here.images)], [40, 15]);
      const held = new Set(lines.slice(1, 16).map((line) => line.split(',')[0]));
      const rows = readFileSync(join(needs.find((ref) => ref.type === 'folds')!.path, 'folds.csv'), 'utf8');
      for (const {fold, here} of folds) {
        const own = rows.split('\n').filter((row) => row.endsWith(`,${fold}`) && held.has(row.split(',')[0]));
        assert.equal(here.images, own.length);
        assert.equal(here.patients, new Set(own.map((row) => row.split(',')[1])).size);
      }
    });
  });

  it('name the weights that a training began with, without a folder of this machine', async () => {
    await withRun(({needs, runFolder}) => {
      const startedFrom = (weights: string | null, told?: object) => {
        const model = needs.find((ref) => ref.type === 'model')!;
        writeFileSync(join(model.path, 'latest.json'), JSON.stringify({started_from: told}));
        const others = needs.filter((ref) => ref !== model);
        const given = [...others, {...model, params: {...model.params, weights}}];
        return gatherReportFacts({title: null, needs: given, runFolder}).training.startedFrom;
      };
      assert.equal(startedFrom(null), null);
      assert.equal(startedFrom('none'), null);
      assert.deepEqual(startedFrom('/a/folder/w.pth'), {name: 'w.pth', knowsFindings: true});
      const told = {file: 'densenet121.pth', layout: 'state_dict', head: 'new'};
      assert.deepEqual(startedFrom('imagenet', told), {name: 'densenet121.pth', knowsFindings: false});
    });
  });
});

describe('Stage evaluate', () => {
  it('takes its parameters with their defaults and refuses others', () => {
    assert.deepEqual(evaluate.params.parse({}), {resamples: 1000, seed: 0, level: 0.95});
    for (const wrong of [{resamples: -1}, {level: 1}, {seed: 0.5}, {folds: 3}])
      assert.equal(evaluate.params.safeParse(wrong).success, false);
  });
});
