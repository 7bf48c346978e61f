import type {FoldFacts} from '../../reports/data-facts.js';
import type {ReportFacts} from '../../reports/facts.js';
import {cleanAudit, publishedAudit, sampleContent} from './sample-data.js';
import {digestOf, type SampleClass, type SampleFold, sampleEvaluation} from './sample-evaluation.js';
import {stagesOf, trainingOf} from './sample-run.js';

const CREDIT = {
  name: 'ChestX-ray14, NIH Clinical Center',
  link: 'https://nihcc.app.box.com/v/ChestXray-NIHCC',
  cite: 'Wang X et al. ChestX-ray8. IEEE CVPR 2017.',
  licence: 'No restriction on use; acknowledge the NIH Clinical Center as the data provider.',
};

/** Invented facts of a finished run on part of the synthetic data: what a demo's report looks like. */
export function demoFacts(): ReportFacts {
  const positives = [64, 17, 72, 106, 30, 36, 9, 28, 25, 12, 14, 10, 20, 3];
  const classes = classesOf(positives, 0.86);
  return {
    schema: 'pipeline/report-facts/v1',
    title: 'Demo on synthetic radiographs',
    run: {
      name: 'quiet-heron',
      pipeline: 'demo',
      message: null,
      startedAt: '2026-03-03T14:02:11.000Z',
      argv: ['run', 'configs/demo.yaml'],
    },
    data: {
      origin: 'synthetic',
      images: 600,
      atHand: 600,
      patients: 212,
      sources: [{kind: 'drawn', name: 'images', images: 600}],
      whole: null,
      labels: {state: 'drawn with the images', known: true, because: 'the generator wrote them'},
      credit: null,
      remarks: [{name: 'Seed', text: '1'}],
    },
    content: sampleContent({images: 600, patients: 212, positives, samples: 8, boxes: 40}),
    split: {
      method: 'seeded',
      description: 'seeded, patients kept together, seed 1',
      rowsInNoFold: 0,
      notInAFold: 0,
      folds: foldFacts(
        [420, 60, 120],
        [148, 21, 43],
        positives.map((count) => count / 600),
      ),
      table1: null,
      audit: cleanAudit({patients: 212, images: 600}),
    },
    images: {count: 600, size: 64, quarantined: 0, examples: []},
    training: trainingOf(3, {batch: 32, images: 420, second: 9.8}),
    evaluation: sampleEvaluation(
      {
        val: {images: 60, patients: 21, classes: scaled(classes, 0.1)},
        test: {images: 120, patients: 43, classes: scaled(classes, 0.2)},
      },
      24,
    ),
    stages: stagesOf('quiet-heron', [
      'synthesize',
      'split',
      'preprocess',
      'train',
      'predict',
      'evaluate',
      'report',
    ]),
    settings: [
      {path: 'dataset.images', value: 600, origin: 'configs/demo.yaml:9'},
      {path: 'dataset.seed', value: 1, origin: 'configs/demo.yaml:10'},
      {path: 'split.seed', value: 1, origin: 'configs/demo.yaml:16'},
      {path: 'train.optimizer.lr', value: 0.001, origin: '-S train.optimizer.lr=1e-3'},
      {path: 'train.optimizer.weight_decay', value: 0.01, origin: 'configs/demo.yaml:38'},
      {path: 'train.epochs', value: 3, origin: 'configs/demo.yaml:28'},
      {path: 'train.precision', value: 'fp32', origin: 'default'},
    ],
    config: {
      file: 'configs/demo.yaml',
      digest: digestOf('demo.yaml'),
      text: 'pipeline: demo\nstages:\n  dataset:\n    uses: synthesize\n    params:\n      images: 600 # configs/demo.yaml:9\n',
    },
    environment: {
      rows: [
        {name: 'Python', text: '3.11.9'},
        {name: 'PyTorch', text: '2.13.0+cpu'},
        {name: 'Node.js', text: '20.19.5'},
        {name: 'Pipeline', text: '0.1.0'},
        {name: 'Processor', text: '2 cores, x86-64'},
        {name: 'System', text: 'Debian GNU/Linux 12'},
      ],
      source: {commit: digestOf('commit').slice(0, 40), uncommitted: true, patchLines: 12},
    },
  };
}

/** Invented facts of a run on the whole of ChestX-ray14 with the CheXNet lists: the largest report there is. */
export function fullFacts(): ReportFacts {
  const [train, val, test] = [
    [7996, 1950, 9261, 13914, 3988, 4375, 978, 3705, 3263, 1690, 1799, 1158, 2279, 144],
    [1119, 240, 1292, 2018, 625, 613, 133, 504, 447, 200, 208, 166, 372, 41],
    [2420, 582, 2754, 3938, 1133, 1335, 242, 1089, 957, 413, 509, 362, 734, 42],
  ];
  const demo = demoFacts();
  const folds = foldFacts([78466, 11219, 22433], [21528, 3090, 6187], []);
  const counted = [train!, val!, test!];
  const [valFold, testFold] = [1, 2].map((fold): SampleFold => {
    const {images, patients} = folds[fold]!;
    return {images, patients, classes: classesOf(counted[fold]!, 0.84)};
  });
  return {
    ...demo,
    title: 'ChestX-ray14 with the CheXNet lists',
    run: {
      ...demo.run,
      name: 'brisk-otter',
      pipeline: 'full',
      argv: ['run', 'configs/full.yaml', '-S', 'train.seed=7'],
    },
    data: {
      origin: 'chestxray14',
      images: 112120,
      atHand: 112120,
      patients: 30805,
      sources: Array.from({length: 12}, (_, index) => ({
        kind: 'download',
        name: `images_${String(index + 1).padStart(3, '0')}.tar.gz`,
        images: index === 11 ? 7120 : 9545 + (index < 5 ? 1 : 0),
      })),
      whole: 112120,
      labels: {
        state: 'A (first 2017 release)',
        known: true,
        because: '1,353 images with pneumonia; later releases have 1,431',
      },
      credit: CREDIT,
      remarks: [],
    },
    content: sampleContent({
      images: 112120,
      patients: 30805,
      positives: train!.map((count, index) => count + val![index]! + test![index]!),
      samples: 8,
      boxes: 984,
    }),
    split: {
      ...demo.split,
      audit: cleanAudit({patients: 30_805, images: 112_120}),
      method: 'chexnet-lists',
      description: 'the CheXNet lists, 78,468 / 11,219 / 22,433 images',
      folds: folds.map((fold, index) =>
        wholeFold({
          ...fold,
          positives: counted[index]!,
          noFinding: [42403, 6079, 11928][index]!,
        }),
      ),
    },
    images: {
      count: 112118,
      size: 256,
      quarantined: 2,
      examples: [
        {image: '00004342_002.png', reason: 'the file is cut short'},
        {image: '00011290_003.png', reason: 'the file is cut short'},
      ],
    },
    training: {...trainingOf(13, {batch: 64, images: 78466, second: 92.4}), resumedFromSteps: [6135]},
    evaluation: sampleEvaluation({val: valFold!, test: testFold!}, 120),
    stages: stagesOf('brisk-otter', [
      'acquire',
      'split',
      'preprocess',
      'train',
      'predict',
      'evaluate',
      'report',
    ]),
  };
}

/** Invented facts of a run on so few images that most classes have no positive in the test fold. */
export function tinyFacts(): ReportFacts {
  const demo = demoFacts();
  const positives = [6, 0, 5, 9, 0, 2, 0, 0, 1, 0, 0, 0, 0, 0];
  const classes = classesOf(positives, 0.58);
  return {
    ...demo,
    title: 'The embedded sample of ChestX-ray14',
    data: {
      ...demo.data,
      origin: 'chestxray14',
      images: 160,
      atHand: 160,
      patients: 121,
      sources: [{kind: 'folder', name: 'images', images: 160}],
      credit: CREDIT,
      whole: 112120,
      labels: {state: 'C (v2020)', known: true, because: 'the header is that of Data_Entry_2017_v2020.csv'},
    },
    split: {
      ...demo.split,
      folds: foldFacts(
        [112, 16, 32],
        [85, 12, 24],
        positives.map((count) => count / 32),
      ),
      audit: cleanAudit({patients: 121, images: 160}),
    },
    content: sampleContent({images: 160, patients: 121, positives, samples: 4}),
    images: {...demo.images, count: 160, quarantined: 0},
    evaluation: sampleEvaluation(
      {
        val: {images: 16, patients: 12, classes: scaled(classes, 0.5)},
        test: {images: 32, patients: 24, classes},
      },
      24,
    ),
  };
}

function classesOf(positives: readonly number[], auroc: number): SampleClass[] {
  const distance = auroc > 0.8 ? 1.45 : 0.3;
  const shifts = [-0.1, 0.5, 0.3, -0.65, 0.05, -0.3, -0.4, 0.25, -0.15, 0.35, 0.65, -0.05, -0.3, 0.55];
  return positives.map((count, index) => ({
    positives: count,
    positivePatients: Math.ceil(count * 0.64),
    distance: Math.max(0.05, distance + shifts[index]!),
  }));
}

function scaled(classes: readonly SampleClass[], share: number): SampleClass[] {
  return classes.map((one) => ({
    ...one,
    positives: Math.round(one.positives * share),
    positivePatients: Math.ceil(Math.round(one.positives * share) * 0.8),
  }));
}

function foldFacts(
  images: readonly number[],
  patients: readonly number[],
  prevalences: readonly number[],
): FoldFacts[] {
  return (['train', 'val', 'test'] as const).map((fold, index) =>
    wholeFold({
      fold,
      images: images[index]!,
      patients: patients[index]!,
      positives: prevalences.map((prevalence) => Math.round(prevalence * images[index]!)),
      noFinding: Math.round(images[index]! * 0.53),
      femaleShare: 0.437 + index * 0.004,
      apShare: 0.399 - index * 0.003,
      age: {lowerQuartile: 35, median: 49, upperQuartile: 59},
      imagesPerPatient: {median: 1, most: [184, 120, 145][index]!},
    }),
  );
}

/** A fold of which every image is there. */
function wholeFold({fold, ...group}: Omit<FoldFacts, 'here'>): FoldFacts {
  const {images, patients, positives, noFinding, femaleShare, apShare, age, imagesPerPatient} = group;
  const own = {images, patients, positives, noFinding, femaleShare, apShare, age, imagesPerPatient};
  return {fold, ...own, here: own};
}

/** The same run with folds of the tables of all 112,120 images, of which 160 were at hand. */
export function partFacts(): ReportFacts {
  const [tiny, full] = [tinyFacts(), fullFacts()];
  return {
    ...tiny,
    split: {
      ...full.split,
      method: 'other',
      folds: full.split.folds.map((fold, index) => ({...fold, here: tiny.split.folds[index]!.here})),
      audit: publishedAudit(),
    },
    training: {...tiny.training, images: {train: 112, val: 16, notAtHand: 89_557}},
  };
}
