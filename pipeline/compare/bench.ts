import type {BenchRecord} from '../bench/record.js';
import {canonicalJson, isJsonObject, type Json, type JsonObject} from '../model/json.js';
import {type LossTest, testLosses} from './loss-test.js';
import {PUBLISHED, type Published} from './published.js';
import type {Compared} from './read.js';

/** Measured trainings side by side, each but the first set against the first. */
export type BenchComparison = Readonly<{
  schema: 'chexnet/compare-bench/v1';
  records: readonly Readonly<{name: string; record: BenchRecord}>[];
  pairs: readonly Pair[];
  published: readonly Published[];
}>;

export type Pair = Readonly<{
  reference: string;
  other: string;
  sameWork: boolean;
  /** What of the work differs, by its path; empty when it is the same. */
  workDiffers: readonly Difference[];
  /** Ranks, precision, …: what may differ between devices, and the reader should know of. */
  settingsDiffer: readonly Difference[];
  /** other ÷ reference; null when times must not be compared. */
  ratio: Readonly<{seconds: number; imagesPerSecond: number}> | null;
  noRatioBecause: string | null;
  loss: LossTest | null;
  notTestedBecause: string | null;
}>;

export type Difference = Readonly<{path: string; reference: Json | undefined; other: Json | undefined}>;

/** @param marginShare - How large a difference of the mean loss counts as none, as a share of the reference's. */
export function compareBenches(
  compared: readonly Compared[],
  options: Readonly<{marginShare: number; withPublished: boolean}>,
): BenchComparison {
  const [reference, ...others] = compared;
  if (reference === undefined) throw new Error('Internal error: there is nothing to compare');
  return {
    schema: 'chexnet/compare-bench/v1',
    records: compared.map(({name, record}) => ({name, record})),
    pairs: others.map((other) => comparePair(reference, other, options.marginShare)),
    published: options.withPublished ? PUBLISHED : [],
  };
}

function comparePair(reference: Compared, other: Compared, marginShare: number): Pair {
  const [before, after] = [reference.record, other.record];
  const sameWork = before.work.digest === after.work.digest;
  const noRatioBecause = whyNoRatio(before, after, sameWork);
  const notTestedBecause = whyNotTested(before, after, sameWork);
  return {
    reference: reference.name,
    other: other.name,
    sameWork,
    workDiffers: sameWork ? [] : differences(asJson(before.work.parts), asJson(after.work.parts)),
    settingsDiffer: differences(asJson(before.settings), asJson(after.settings)),
    ratio: noRatioBecause === null ? ratioOf(before, after) : null,
    noRatioBecause,
    loss:
      notTestedBecause === null
        ? testLosses(before.losses as number[], after.losses as number[], {marginShare})
        : null,
    notTestedBecause,
  };
}

function ratioOf(before: BenchRecord, after: BenchRecord): Pair['ratio'] {
  return {
    seconds: after.seconds.total / before.seconds.total,
    imagesPerSecond: after.rate.images_per_second / before.rate.images_per_second,
  };
}

function whyNoRatio(before: BenchRecord, after: BenchRecord, sameWork: boolean): string | null {
  if (!sameWork) return 'the work was not the same';
  if (before.device.emulated || after.device.emulated) return 'an emulated device has no times of its own';
  return before.seconds.total > 0 && before.rate.images_per_second > 0 ? null : 'the reference took no time';
}

function whyNotTested(before: BenchRecord, after: BenchRecord, sameWork: boolean): string | null {
  if (!sameWork) return 'the work was not the same';
  if (before.losses.length !== after.losses.length)
    return `${before.losses.length} steps and ${after.losses.length} steps cannot be paired`;
  const wild = before.losses.findIndex((loss, step) => loss === null || after.losses[step] === null);
  return wild === -1 ? null : `the loss of step ${wild + 1} is not finite`;
}

/** Every leaf that differs, by its dotted path; lists are leaves. */
function differences(before: Json | undefined, after: Json | undefined, path = ''): readonly Difference[] {
  if (isJsonObject(before) && isJsonObject(after)) {
    const names = [...new Set([...Object.keys(before), ...Object.keys(after)])].sort();
    return names.flatMap((name) =>
      differences(before[name], after[name], path === '' ? name : `${path}.${name}`),
    );
  }
  const same =
    before === undefined || after === undefined
      ? before === after
      : canonicalJson(before) === canonicalJson(after);
  return same ? [] : [{path, reference: before, other: after}];
}

function asJson(value: Readonly<Record<string, unknown>>): JsonObject {
  return value as JsonObject;
}
