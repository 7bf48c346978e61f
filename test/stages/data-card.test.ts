import assert from 'node:assert/strict';
import {mkdirSync, writeFileSync} from 'node:fs';
import {join} from 'node:path';
import {decode} from 'fast-png';
import {FINDINGS, type Finding} from '../../pipeline/model/findings.js';
import type {ArtifactRef} from '../../pipeline/model/stage-kind.js';
import {acquire} from '../../pipeline/stages/acquire/stage.js';
import {gatherDataCardFacts} from '../../pipeline/stages/data-card-page/facts.js';
import {dataCard} from '../../pipeline/stages/data-card-page/stage.js';
import type {ImageRow} from '../../pipeline/stages/dataset.js';
import {preprocess} from '../../pipeline/stages/preprocess/stage.js';
import {type Candidate, chooseSamples} from '../../pipeline/stages/report/choose-samples.js';
import {split} from '../../pipeline/stages/split/stage.js';
import {synthesize} from '../../pipeline/stages/synthesize/stage.js';
import type {DataCardFacts} from '../../reports/card-facts.js';
import {imagesOf} from './array.js';
import {grayPng} from './png-maker.js';
import {type Bench, type Finished, factsOf, withBench} from './rig.js';

describe('Stage data-card', function () {
  this.timeout(120_000);

  it('makes one page of a data set, its folds and its images', async () => {
    await withBench(async (bench) => {
      const {needs} = await synthetic(bench);
      const card = await bench.run(dataCard, {samples: 15}, {needs});
      const {bytes, shown, images} = factsOf(card);
      assert.deepEqual([shown, images], [15, 60]);
      const page = card.read('data-card.html');
      assert.equal(Buffer.byteLength(page), bytes);
      assert.match(page, /60 synthetic radiographs/);
      assert.equal([...page.matchAll(/<img src="data:image\/png;base64,[^"]+" width="256"/g)].length, 15);
      const again = await bench.run(dataCard, {samples: 15}, {needs});
      assert.ok(page === again.read('data-card.html'), 'the same artifacts give another page');
    });
  });

  it('shows pixels of the array, with boxes scaled from the source', async () => {
    await withBench(async (bench) => {
      const {needs, array, dataset} = await synthetic(bench);
      const facts = factsFor(needs, {count: 12, seed: 4});
      const boxes = dataset
        .read('boxes.csv')
        .trim()
        .split('\n')
        .slice(1)
        .map((line) => line.split(','));
      const index = array
        .read('index.csv')
        .trim()
        .split('\n')
        .slice(1)
        .map((line) => line.split(','));
      const {rows} = imagesOf(array);
      for (const sample of facts.content.samples!.shown) {
        const row = index.findIndex(([, image]) => image === sample.image);
        const {width, height, channels, data} = decode(Buffer.from(sample.png, 'base64'));
        assert.deepEqual([width, height, channels], [64, 64, 1]);
        assert.ok(rows[row]!.equals(Buffer.from(data as Uint8Array)), sample.image);
        assert.deepEqual(
          sample.boxes.map(({finding, x, y, width, height}) => [finding, x, y, width, height]),
          boxes
            .filter(([image]) => image === sample.image)
            .map(([, finding, ...place]) => [finding, ...place.map((value) => Number(value) / 256)]),
        );
      }
    });
  });

  it('describes tables without images, and says which parts need them', async () => {
    await withBench(async (bench) => {
      const metadata = bench.write('Data_Entry_2017.csv', METADATA);
      const adjudicated = bench.write('google.csv', ADJUDICATED);
      const dataset = await bench.run(acquire, {metadata, adjudicated});
      const needs = [dataset.artifact];
      const card = await bench.run(dataCard, {title: 'Four rows'}, {needs});
      const {images, shown} = factsOf(card);
      assert.deepEqual([images, shown], [0, 0]);
      const page = card.read('data-card.html');
      for (const words of [
        'Four rows',
        'No image is at hand',
        'This part needs images',
        'needs the stage split',
      ])
        assert.ok(page.includes(words), words);
      const facts = factsFor(needs);
      assert.deepEqual(facts.intake.missing.examples, [
        '00000001_000.png',
        '00000001_001.png',
        '00000002_000.png',
      ]);
      assert.deepEqual(facts.content.coOccurrence[0]!.slice(0, 3), [2, 0, 1]);
      assert.equal(facts.content.findings[0]!.alone, 1);
      assert.deepEqual(facts.content.perPatient, {
        median: 1,
        most: 2,
        bins: [
          {from: 1, to: 1, patients: 2, images: 2},
          {from: 2, to: 2, patients: 1, images: 2},
        ],
        top: {patients: 1, share: 0.5},
      });
      assert.deepEqual(facts.content.people.ages.at(-1), {
        from: 60,
        to: 69,
        female: 1,
        male: 0,
        pa: 0,
        ap: 1,
      });
      assert.deepEqual(facts.adjudicated!.labels[0], {
        ...{label: 'Pneumothorax', findings: ['Pneumothorax']},
        ...{both: 1, onlyHere: 0, onlyThere: 1, neither: 0},
      });
    });
  });

  it('says that the state of the labels is that of the whole metadata where few of its images are there', async () => {
    await withBench(async (bench) => {
      const metadata = bench.write('Data_Entry_2017.csv', METADATA);
      bench.write('images/00000001_000.png', grayPng(20, 20, 1));
      const dataset = await bench.run(acquire, {metadata, images: join(bench.folder, 'images')});
      const {data, title} = factsFor([dataset.artifact]);
      assert.equal(title, '1 radiograph of ChestX-ray14');
      assert.match(data.labels.because, / \(in the whole metadata of 4 rows\)$/);
      assert.deepEqual(data.sources, [{kind: 'folder', name: 'images', images: 1}]);
    });
  });

  it('calls images of other names neither ChestX-ray14 nor a part of it', async () => {
    await withBench(async (bench) => {
      const names = METADATA.replaceAll(/0000000(\d)_00(\d)/g, 'clinicA-$1$2');
      const metadata = bench.write('entries.csv', names);
      bench.write('images/clinicA-10.png', grayPng(20, 20, 1));
      const dataset = await bench.run(acquire, {metadata, images: join(bench.folder, 'images')});
      const {data, title} = factsFor([dataset.artifact]);
      assert.deepEqual([title, data.origin, data.whole, data.credit], ['1 radiograph', 'other', null, null]);
      const card = await bench.run(dataCard, {}, {needs: [dataset.artifact]});
      const page = card.read('data-card.html');
      const claims = ['NIH Clinical Center', 'radiograph of ChestX-ray14', 'images of ChestX-ray14'];
      assert.deepEqual(
        claims.filter((claim) => page.includes(claim)),
        [],
      );
    });
  });

  it('takes the audit of its own where there is one, and that of the split otherwise', async () => {
    await withBench(async (bench) => {
      const {needs} = await synthetic(bench);
      const names = (facts: DataCardFacts): readonly string[] => facts.split!.audit.map(({name}) => name);
      assert.ok(names(factsFor(needs)).includes('patient-overlap'));
      const path = join(bench.folder, 'audit');
      mkdirSync(path);
      const check = {
        name: 'near-duplicates',
        title: 'Alike',
        status: 'accepted',
        count: 1,
        of: 9,
        detail: 'two',
        examples: [],
      };
      writeFileSync(
        join(path, 'audit.json'),
        JSON.stringify({schema: 'pipeline/audit/v1', pass: true, checks: [check]}),
      );
      const audit = {...needs[0]!, type: 'audit' as const, uses: 'audit', path};
      assert.deepEqual(names(factsFor([...needs, audit])), ['near-duplicates']);
    });
  });

  it('takes a title, a number of pictures and a seed, and nothing else', () => {
    assert.deepEqual(dataCard.params.parse({}), {samples: 24, seed: 0});
    for (const wrong of [{title: ''}, {samples: 61}, {samples: -1}, {seed: 0.5}, {colour: 'red'}])
      assert.equal(dataCard.params.safeParse(wrong).success, false, JSON.stringify(wrong));
  });
});

describe('The choice of radiographs to show', () => {
  const pool = Array.from({length: 400}, (_, index) => candidate(index));

  it('shows every finding, and no finding, when there is room', () => {
    const shown = chooseSamples(pool, {count: 24, seed: 1});
    const findings = new Set(shown.flatMap(({row}) => row.findings));
    assert.equal(shown.length, 24);
    assert.equal(findings.size, FINDINGS.length);
    assert.ok(shown.some(({row}) => row.findings.length === 0));
    assert.equal(new Set(shown.map(({row}) => row.patient)).size, 24);
  });

  it('shows several at once when there is not', () => {
    const seven = chooseSamples(pool, {count: 7, seed: 1});
    assert.ok(new Set(seven.flatMap(({row}) => row.findings)).size >= 12);
  });

  it('prefers images with a box around what they are shown for', () => {
    const shown = chooseSamples(pool, {count: 15, seed: 1});
    assert.ok(shown.filter(({boxed}) => boxed.size > 0).length >= 7);
  });

  it('is the same for the same seed, and another for another', () => {
    const names = (seed: number): string =>
      chooseSamples(pool, {count: 12, seed})
        .map(({row}) => row.image)
        .join();
    assert.equal(names(3), names(3));
    assert.notEqual(names(3), names(4));
  });

  it('shows all there are when more are asked for, and none of none', () => {
    assert.equal(chooseSamples(pool.slice(0, 5), {count: 24, seed: 0}).length, 5);
    assert.deepEqual(chooseSamples([], {count: 24, seed: 0}), []);
  });
});

type Synthetic = Readonly<{needs: readonly ArtifactRef[]; dataset: Finished; array: Finished}>;

async function synthetic(bench: Bench): Promise<Synthetic> {
  const dataset = await bench.run(synthesize, {images: 60, seed: 5, size: 256});
  const folds = await bench.run(split, {method: 'seeded', seed: 1}, {needs: [dataset.artifact]});
  const array = await bench.run(preprocess, {size: 64}, {needs: [dataset.artifact]});
  writeFileSync(join(array.artifact.path, 'stage.json'), JSON.stringify({summary: factsOf(array)}));
  const needs = [dataset.artifact, folds.artifact, array.artifact];
  return {needs, dataset, array};
}

function factsFor(needs: readonly ArtifactRef[], samples = {count: 4, seed: 0}): DataCardFacts {
  return gatherDataCardFacts({title: null, needs, samples});
}

function candidate(index: number): Candidate {
  const first = FINDINGS[index % 15];
  const second = index % 4 === 0 ? FINDINGS[(index * 3 + 1) % 14] : undefined;
  const findings = [...new Set([first, second].filter((one): one is Finding => one !== undefined))];
  const row: ImageRow = {
    image: `${String(index).padStart(8, '0')}_000.png`,
    patient: String(index >> 1),
    ...{age: 50, sex: 'F', view: 'PA', followUp: 0, findings},
  };
  return {row, boxed: new Set(index % 30 < 8 ? findings : [])};
}

const METADATA = `Image Index,Finding Labels,Follow-up #,Patient ID,Patient Age,Patient Gender,View Position,OriginalImage[Width,Height],OriginalImagePixelSpacing[x,y],
00000001_000.png,Atelectasis|Effusion,0,1,57,M,PA,2682,2749,0.143,0.143,
00000001_001.png,Atelectasis,1,1,58,M,PA,2682,2749,0.143,0.143,
00000002_000.png,No Finding,0,2,61,F,AP,2682,2749,0.143,0.143,
00000003_000.png,Pneumothorax,0,3,22,F,AP,2682,2749,0.143,0.143,
`;

const ADJUDICATED = `Image Index,Fracture,Pneumothorax,Airspace opacity,Nodule or mass,Set Id
00000002_000.png,NO,YES,NO,NO,test
00000003_000.png,NO,YES,NO,NO,test
`;
