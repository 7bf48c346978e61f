import {FINDINGS, type Finding} from '../../pipeline/model/findings.js';
import type {AuditFact, ContentFacts, FindingFacts, Sample, SampleFacts} from '../../reports/data-facts.js';
import {encodeGrayPng} from '../../reports/png.js';

/** Invented content of a data set of that many images; counts by finding in the order of FINDINGS. */
export function sampleContent(of: {
  images: number;
  patients: number;
  positives: readonly number[];
  samples: number;
  boxes?: number;
}): ContentFacts {
  const {images, patients, positives, samples, boxes = 0} = of;
  const noFinding = Math.round(images * 0.54);
  return {
    findings: positives.map((count, index) => finding(count, 0.2 + 0.05 * index)),
    noFinding: {...finding(noFinding, 0.35), alone: 0},
    several: Math.round(images * 0.18),
    coOccurrence: positives.map((row, y) =>
      positives.map((column, x) =>
        x === y ? row : Math.floor((0.3 * Math.min(row, column)) / (1 + Math.abs(x - y))),
      ),
    ),
    people: people(images),
    perPatient: {
      median: 1,
      most: Math.max(2, Math.round(images / 600)),
      bins: [
        {from: 1, to: 1, patients: Math.round(patients * 0.6), images: Math.round(patients * 0.6)},
        {
          from: 2,
          to: 2,
          patients: patients - Math.round(patients * 0.6),
          images: images - Math.round(patients * 0.6),
        },
      ],
      top: {patients: Math.max(1, Math.round(patients / 100)), share: 0.154},
    },
    boxes: {boxes, images: Math.ceil(boxes * 0.9)},
    samples: samples === 0 ? null : sampleFilms(samples, images),
  };
}

function finding(images: number, apShare: number): FindingFacts {
  const none = images === 0;
  return {
    images,
    alone: Math.floor(images * 0.4),
    patients: Math.ceil(images * 0.64),
    femaleShare: none ? null : 0.44,
    apShare: none ? null : apShare,
    medianAge: none ? null : 51,
  };
}

function people(images: number): ContentFacts['people'] {
  const shares = [0.01, 0.05, 0.11, 0.14, 0.2, 0.24, 0.17, 0.06, 0.015, 0.005];
  const ages = shares.map((share, index) => {
    const [count, female, pa] = [images * share, images * share * 0.44, images * share * 0.6].map(Math.round);
    return {
      from: 10 * index,
      to: index === 9 ? null : 10 * index + 9,
      ...{female: female!, male: count! - female!, pa: pa!, ap: count! - pa!},
    };
  });
  const [known, female] = [ages, ages.map((row) => row.female)].map((list) =>
    list.reduce<number>((sum, row) => sum + (typeof row === 'number' ? row : row.female + row.male), 0),
  );
  const pa = ages.reduce((sum, row) => sum + row.pa, 0);
  const femalePa = Math.round(pa * 0.44);
  return {
    ages,
    ageUnknown: images - known!,
    age: {youngest: 1, lowerQuartile: 34, median: 49, upperQuartile: 59, oldest: 95},
    views: {
      female: {pa: femalePa, ap: female! - femalePa},
      male: {pa: pa - femalePa, ap: known! - female! - (pa - femalePa)},
    },
  };
}

function sampleFilms(count: number, of: number): SampleFacts {
  return {seed: 0, side: 32, size: 64, of, shown: Array.from({length: count}, (_, index) => film(index))};
}

function film(index: number): Sample {
  const named = index % 15;
  const findings: readonly Finding[] =
    named === 14 ? [] : named % 3 === 0 ? [FINDINGS[named]!, FINDINGS[13 - named]!] : [FINDINGS[named]!];
  const box = {finding: findings[0]!, x: 0.1 + 0.05 * named, y: 0.02 * named, width: 0.25, height: 0.3};
  return {
    image: `${String(index + 1).padStart(8, '0')}_000.png`,
    sex: index % 2 === 0 ? 'F' : 'M',
    view: index % 3 === 0 ? 'AP' : 'PA',
    age: index === 3 ? null : 20 + index,
    findings,
    boxes: named % 4 !== 0 || named === 14 ? [] : [box, {...box, x: 0.9, y: 0.6, width: 0.08, height: 0.2}],
    png: encodeGrayPng({
      width: 32,
      height: 32,
      gray: Uint8Array.from({length: 32 * 32}, (_, pixel) => (pixel * 7 + index * 31) % 251),
    }).toString('base64'),
  };
}

/** A whole audit of that many patients and images in which nothing leaks. */
export function cleanAudit(of: {patients: number; images: number}): AuditFact[] {
  const pairs = 'train and val: 0; train and test: 0; val and test: 0';
  const check = (name: string, title: string, rest: Partial<AuditFact>): AuditFact => ({
    ...{name, title, status: 'passed', count: 0, of: of.images, unit: 'images', detail: pairs, examples: []},
    ...rest,
  });
  return [
    check('patient-overlap', 'Patients in more than one fold', {of: of.patients, unit: 'patients'}),
    check('image-overlap', 'Images in more than one fold', {}),
    check('archive-boundary', 'Patients cut by the end of a published archive', {
      status: 'not-checked',
      of: 0,
      unit: 'boundaries',
      detail: 'the images are not those of ChestX-ray14',
    }),
    check('duplicate-images', 'Equal files in more than one fold', {
      detail: `by SHA-256, of ${of.images} files`,
    }),
  ];
}

/** The checks of folds on the published lists, with a failure that the configuration accepts. */
export function publishedAudit(): AuditFact[] {
  const [patients, images] = cleanAudit({patients: 30805, images: 112120});
  const held = {count: 17920, of: 25596, unit: 'images'};
  return [
    patients!,
    images!,
    {
      ...{name: 'archive-boundary', title: 'Patients cut by the end of a published archive', status: 'noted'},
      ...{
        count: 9,
        of: 11,
        unit: 'boundaries',
        examples: ['00001335 after 00001335_006', '00003923 after 00003923_013'],
      },
      detail: '9 patients on both sides of one of the 11 boundaries, no fold ends there',
    },
    {
      ...{name: 'trained-on', title: 'Images of val or test in the training list of the weights'},
      ...{...held, status: 'accepted', examples: ['00000003_000.png']},
      detail: '17,920 of 25,596 test images are in the published training list of CheXNet',
    },
    {
      ...{name: 'official-test', title: 'Images of the published official test part in train', ...held},
      ...{status: 'noted', examples: []},
      detail: '17,920 of 25,596 are in this train fold',
    },
    {
      ...{name: 'near-duplicates', title: 'Images that look alike in more than one fold'},
      ...{
        status: 'not-checked',
        count: 0,
        of: 0,
        unit: 'images',
        detail: 'there are no images',
        examples: [],
      },
    },
  ];
}
