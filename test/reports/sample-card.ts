import type {DataCardFacts, IntakeFacts, ListFacts} from '../../reports/card-facts.js';
import {demoFacts, fullFacts, partFacts, tinyFacts} from './sample.js';
import {publishedAudit, sampleContent} from './sample-data.js';
import {digestOf} from './sample-evaluation.js';

/** Invented facts of the card of a synthetic data set with folds and pictures. */
export function demoCard(): DataCardFacts {
  const {data, content, split, images} = demoFacts();
  return {
    schema: 'pipeline/data-card-facts/v1',
    title: '600 synthetic radiographs',
    ...{data, content, split, images},
    intake: {
      ...nothingLeftOut,
      files: {
        ...noFiles,
        bytes: 75_000_000,
        modes: [
          {mode: 'L', images: 594},
          {mode: 'RGBA', images: 6},
        ],
        sizes: [{width: 512, height: 512, images: 600}],
      },
    },
    adjudicated: null,
    artifacts: ['dataset', 'folds', 'images'].map((type) => artifact(type)),
  };
}

/** Invented facts of a part of ChestX-ray14 in which everything is odd that can be odd. */
export function oddCard(): DataCardFacts {
  const {data, split, images} = tinyFacts();
  const positives = [6, 0, 5, 9, 30, 2, 0, 0, 1, 0, 0, 12, 0, 0];
  return {
    ...demoCard(),
    title: '160 radiographs of ChestX-ray14',
    data: {
      ...data,
      atHand: 160,
      labels: {state: 'unknown', known: false, because: 'as in no known release'},
      sources: [
        {kind: 'folder', name: 'images', images: 150},
        {kind: 'archive', name: 'images_012.tar.gz', images: 7},
        {kind: 'archive', name: 'images_011.tar.gz', images: 0},
        {kind: 'download', name: 'images_010.tar.gz', images: 3},
      ],
    },
    content: sampleContent({images: 160, patients: 121, positives, samples: 15, boxes: 4}),
    split: {
      ...split,
      audit: split.audit.map((check) =>
        check.name === 'duplicate-images'
          ? {...check, status: 'failed', count: 1, detail: '1 file in train and test', examples: ['a = b']}
          : check,
      ),
    },
    images: {...images, quarantined: 1, examples: [{image: '00000013_022.png', reason: 'is cut off'}]},
    intake: {
      ...{
        missing: list('missing.csv', 111_960, ['00000001_000.png', '00000001_001.png', '00000001_002.png']),
        extra: list('extra.csv', 2, ['images/thumb.png', 'images/00099999_000.png']),
        unreadable: list('unreadable.csv', 1, ['images/00000013_022.png is cut off after 17 bytes']),
        refused: list('refused.csv', 1, ['images_012.tar.gz ../evil.png leads out of the archive']),
        duplicates: list('duplicates.csv', 1, ['00000075_000.png = 00000100_000.png']),
        dropped: [{reason: 'copy of an image from another place', images: 4}],
        warnings: ['Data_Entry_2017.csv:12: an age of 411 years is left out, and 15 more like it'],
      },
      files: {
        bytes: 66_000_000,
        modes: ['L', 'RGBA', 'L16', 'P', 'RGB16', 'DICOM', 'CMYK'].map((mode, index) => ({
          mode,
          images: index === 0 ? 154 : 1,
        })),
        sizes: [
          {width: 1024, height: 1024, images: 156},
          {width: 2500, height: 2048, images: 2},
        ],
        others: 2,
        notSquare: 3,
        interlaced: 1,
      },
    },
    adjudicated: {
      images: 40,
      labels: [
        {
          ...{label: 'Pneumothorax', findings: ['Pneumothorax']},
          ...{both: 0, onlyHere: 0, onlyThere: 2, neither: 38},
        },
        {
          ...{label: 'Nodule or mass', findings: ['Nodule', 'Mass']},
          ...{both: 12, onlyHere: 9, onlyThere: 4, neither: 15},
        },
      ],
    },
    artifacts: ['dataset', 'folds', 'images', 'audit'].map((type) => artifact(type)),
  };
}

/** Invented facts of a part of ChestX-ray14 with folds of the tables of all 112,120 images. */
export function partCard(): DataCardFacts {
  const {data, content, split, images} = partFacts();
  const because = 'as counted (in the whole metadata of 112,120 rows)';
  return {
    ...oddCard(),
    ...{data: {...data, labels: {...data.labels, because}}, content, split, images},
    intake: {...nothingLeftOut, missing: list('missing.csv', 111_960, []), files: oddCard().intake.files},
    adjudicated: null,
  };
}

/** Invented facts of a few radiographs that are not of ChestX-ray14. */
export function otherCard(): DataCardFacts {
  const card = partCard();
  const labels = {state: 'as its tables give them', known: true, because: 'of other names'};
  return {
    ...card,
    title: '160 radiographs',
    data: {...card.data, origin: 'other', whole: null, credit: null, labels},
    split: {...demoCard().split!, audit: []},
    intake: {...nothingLeftOut, files: oddCard().intake.files},
  };
}

/** Invented facts of the metadata of all of ChestX-ray14, with the CheXNet lists and without a single image. */
export function tablesCard(): DataCardFacts {
  const {data, split} = fullFacts();
  const positives = [11559, 2776, 13317, 19894, 5782, 6331, 1431, 5302, 4667, 2303, 2516, 1686, 3385, 227];
  return {
    ...demoCard(),
    title: 'ChestX-ray14, tables only',
    data: {...data, atHand: 0, sources: [], remarks: []},
    content: sampleContent({images: 112120, patients: 30805, positives, samples: 0, boxes: 984}),
    split: {
      ...split,
      table1: {
        equal: 42,
        of: 42,
        note: 'With the labels of the lists 42 of 42 cells equal the published Table 1.',
      },
      audit: publishedAudit(),
    },
    images: null,
    intake: {
      ...nothingLeftOut,
      missing: list('missing.csv', 112_120, ['00000001_000.png', '00000001_001.png', '00000001_002.png']),
    },
    adjudicated: {
      images: 4376,
      labels: [
        {
          ...{label: 'Pneumothorax', findings: ['Pneumothorax']},
          ...{both: 109, onlyHere: 129, onlyThere: 129, neither: 4009},
        },
      ],
    },
    artifacts: ['dataset', 'folds'].map((type) => artifact(type)),
  };
}

/** The same metadata before anything was divided. */
export function undividedCard(): DataCardFacts {
  return {...tablesCard(), split: null, adjudicated: null, artifacts: [artifact('dataset')]};
}

const noFiles: IntakeFacts['files'] = {
  bytes: 0,
  modes: [],
  sizes: [],
  others: 0,
  notSquare: 0,
  interlaced: 0,
};

const nothingLeftOut: IntakeFacts = {
  missing: list('missing.csv', 0, []),
  extra: list('extra.csv', 0, []),
  unreadable: list('unreadable.csv', 0, []),
  refused: list('refused.csv', 0, []),
  duplicates: list('duplicates.csv', 0, []),
  dropped: [],
  warnings: [],
  files: noFiles,
};

function list(file: string, count: number, examples: readonly string[]): ListFacts {
  return {file, count, examples};
}

function artifact(type: string): DataCardFacts['artifacts'][number] {
  const stage = {dataset: 'dataset', folds: 'split', images: 'preprocess', audit: 'audit'}[type]!;
  return {stage, uses: stage, type, output: digestOf(type)};
}
