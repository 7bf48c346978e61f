import {FINDINGS} from '../pipeline/model/findings.js';
import {spelled} from './numbers.js';

/** Published AUROC per finding (order of FINDINGS) on the test list of the CheXNet re-implementations (22,433 images). */
export type Published = Readonly<{
  name: string;
  /** What was averaged at test time, as its authors say. */
  augmentation: string;
  source: string;
  auroc: readonly number[];
}>;

/** Figures as their authors print them; the mean is taken here, because printed means do not always fit their rows. */
export const PUBLISHED: readonly Published[] = [
  {
    name: 'arnoweng, released weights',
    augmentation: 'ten crops',
    source: 'README of arnoweng/CheXNet',
    auroc: [
      0.8294, 0.9165, 0.887, 0.7143, 0.8597, 0.7873, 0.7745, 0.8726, 0.8142, 0.8932, 0.9254, 0.8304, 0.7831,
      0.9104,
    ],
  },
  {
    name: 'arnoweng, “improved”',
    augmentation: 'ten crops',
    source: 'README of arnoweng/CheXNet',
    auroc: [
      0.8311, 0.922, 0.8891, 0.7146, 0.8627, 0.7883, 0.782, 0.8844, 0.8148, 0.8992, 0.9343, 0.8385, 0.7914,
      0.9206,
    ],
  },
  {
    name: 'zoogzog',
    augmentation: 'ten crops',
    source: 'README of zoogzog/chexnet',
    auroc: [
      0.8321, 0.9107, 0.886, 0.7145, 0.8653, 0.8037, 0.7655, 0.8857, 0.8157, 0.9017, 0.9422, 0.8523, 0.7948,
      0.9416,
    ],
  },
  {
    name: 'jrzech, 2022 weights',
    augmentation: 'none',
    source: 'pretrained/aucs.csv of jrzech/reproduce-chexnet',
    auroc: [
      0.818, 0.909, 0.8827, 0.7156, 0.8377, 0.7756, 0.7617, 0.8776, 0.8002, 0.8945, 0.9316, 0.8251, 0.7889,
      0.9175,
    ],
  },
  {
    name: 'Paddle-CheXNet',
    augmentation: 'not stated',
    source: 'README of jm12138/Paddle-CheXNet',
    auroc: [
      0.8292, 0.9143, 0.8876, 0.7118, 0.8647, 0.7921, 0.7684, 0.8771, 0.8161, 0.8987, 0.9302, 0.8374, 0.7962,
      0.9311,
    ],
  },
];

export function publishedMean(of: Published): number {
  return of.auroc.reduce((sum, value) => sum + value, 0) / of.auroc.length;
}

/** Published values of one finding; none for a name that is not among the 14. */
export function publishedOf(finding: string): readonly number[] {
  const index = (FINDINGS as readonly string[]).indexOf(finding);
  return index === -1 ? [] : PUBLISHED.map((one) => one.auroc[index]!);
}

/** `of five published models on the same images four lie inside that interval and one above it`: no test, so no "beats". */
export function publishedBeside(low: number, high: number): string {
  const means = PUBLISHED.map(publishedMean);
  const counts = [
    [means.filter((mean) => mean >= low && mean <= high).length, 'inside that interval'],
    [means.filter((mean) => mean > high).length, 'above it'],
    [means.filter((mean) => mean < low).length, 'below it'],
  ] as const;
  const whole = counts.find(([count]) => count === means.length);
  if (whole !== undefined)
    return `all ${spelled(means.length)} published models on the same images lie ${whole[1]}`;
  const parts = counts
    .filter(([count]) => count > 0)
    .map(
      ([count, where], index) =>
        `${spelled(count)} ${index > 0 ? '' : count === 1 ? 'lies ' : 'lie '}${where}`,
    );
  const list = parts.length < 3 ? parts.join(' and ') : `${parts[0]}, ${parts[1]} and ${parts[2]}`;
  return `of ${spelled(means.length)} published models on the same images ${list}`;
}
