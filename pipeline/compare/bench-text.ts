import type {BenchRecord} from '../bench/record.js';
import {formatBytes, formatCount, formatDuration, formatMeasure, formatValue} from '../model/words.js';
import type {BenchComparison, Difference, Pair} from './bench.js';
import type {LossTest} from './loss-test.js';

/** A comparison in tables and lines, for the terminal to lay out or for Markdown. */
export type ComparisonText = Readonly<{
  header: readonly string[];
  rows: readonly (readonly string[])[];
  pairs: readonly Readonly<{title: string; lines: readonly string[]}>[];
  published: Readonly<{
    title: string;
    header: readonly string[];
    rows: readonly (readonly string[])[];
  }> | null;
}>;

export function describeComparison(comparison: BenchComparison): ComparisonText {
  const {records, pairs, published} = comparison;
  const facts = records.map(({record}) => factsOf(record));
  const ratios = [
    ['times the images/s of the first', ...ratioCells(pairs, 'imagesPerSecond')],
    ['times the seconds of the first', ...ratioCells(pairs, 'seconds')],
  ];
  const names = facts[0]!.map(([name]) => name);
  return {
    header: ['', ...records.map(({name}) => name)],
    rows: [
      ...names.map((name, row) => [name, ...facts.map((column) => column[row]![1])]),
      ...(pairs.length > 0 ? ratios : []),
    ],
    pairs: pairs.map(describePair),
    published:
      published.length === 0
        ? null
        : {
            title: 'published, not measured',
            header: ['device', 'seconds', 'of', 'source'],
            rows: published.map(({device, seconds, of, source}) => [device, String(seconds), of, source]),
          },
  };
}

/** What is said of one record; the same rows for all, a dash for what was not measured. */
export function factsOf(record: BenchRecord): readonly (readonly [string, string])[] {
  const {device, settings, count, seconds, rate, step_ms: step, energy} = record;
  const not = '–';
  return [
    ['device', device.emulated ? `${device.description} (emulated, not measured)` : device.description],
    ['host', `${record.host.name}, ${record.host.cores} cores`],
    ['torch', record.software.torch],
    ['ranks', text(settings['ranks'])],
    ['precision', text(settings['precision'])],
    ['repeats exactly', settings['deterministic'] === true ? 'yes' : 'not asked for'],
    ['images × crops', `${formatCount(count.images)} × ${count.crops_per_image}`],
    ['steps', formatCount(count.steps)],
    ['seconds in all', formatMeasure(seconds.total)],
    ['  to the first step', formatMeasure(seconds.start)],
    ['  training', formatMeasure(seconds.training)],
    ['  validation', formatMeasure(seconds.validation)],
    ['  checkpoints', formatMeasure(seconds.checkpoints)],
    ['  rest', formatMeasure(seconds.rest)],
    ['images/s while training', formatMeasure(rate.images_per_second)],
    ['crops/s', formatMeasure(rate.crops_per_second)],
    ['step: median, 95 %, longest', [step.p50, step.p95, step.max].map(milliseconds).join(', ')],
    ['waited for images', `${(100 * record.loader_stall_share).toFixed(1)} %`],
    ['peak memory', record.peak_memory_bytes === null ? not : formatBytes(record.peak_memory_bytes)],
    [
      'energy, device taken to last step',
      energy === undefined ? not : `${formatMeasure(energy.joules)} J, ${formatMeasure(energy.mean_watts)} W`,
    ],
    ['loss: first, last step', `${lossText(record.losses[0])}, ${lossText(record.losses.at(-1))}`],
    ['source', sourceText(record)],
  ];
}

function ratioCells(pairs: readonly Pair[], of: 'seconds' | 'imagesPerSecond'): readonly string[] {
  return ['1', ...pairs.map(({ratio}) => (ratio === null ? '–' : formatMeasure(ratio[of], 3)))];
}

function describePair(pair: Pair): Readonly<{title: string; lines: readonly string[]}> {
  const {workDiffers, settingsDiffer, noRatioBecause, loss, notTestedBecause} = pair;
  const lines = [
    ...(pair.sameWork
      ? ['the work was the same']
      : ['the work was not the same:', ...workDiffers.map(differenceText)]),
    ...(settingsDiffer.length > 0 ? ['set differently:', ...settingsDiffer.map(differenceText)] : []),
    ...(noRatioBecause === null ? [] : [`times are not compared: ${noRatioBecause}`]),
    ...(loss === null ? [`losses are not tested: ${notTestedBecause}`] : lossLines(loss)),
  ];
  return {title: `${pair.other} against ${pair.reference}`, lines};
}

function lossLines(loss: LossTest): readonly string[] {
  const {interval95, interval90, blocks, meanDifference, meanLoss, margin, marginShare} = loss;
  const share = `${formatMeasure(100 * marginShare, 3)} %`;
  const intervals =
    interval95 === null || interval90 === null
      ? []
      : [
          `95 % interval ${signed(interval95[0])} to ${signed(interval95[1])}, 90 % ${signed(interval90[0])} to ` +
            `${signed(interval90[1])}, over ${blocks} blocks of steps`,
        ];
  return [
    `loss: ${marginWord(loss)}: ${loss.because}`,
    `mean difference of ${formatCount(loss.steps)} steps ${signed(meanDifference)}, largest ` +
      `${formatMeasure(loss.largestDifference, 3)}; margin ±${formatMeasure(margin, 3)}, ${share} of the mean ` +
      `loss ${formatMeasure(meanLoss)}`,
    ...intervals,
  ];
}

function marginWord({verdict}: LossTest): string {
  return verdict === 'equivalent' ? 'equivalent within the margin' : verdict;
}

function differenceText({path, reference, other}: Difference): string {
  const word = (value: Difference['other']): string => (value === undefined ? 'nothing' : formatValue(value));
  return `  ${path}: ${word(reference)} → ${word(other)}`;
}

/** With three digits and its sign: a difference. */
function signed(value: number): string {
  return value < 0 ? `−${formatMeasure(-value, 3)}` : `+${formatMeasure(value, 3)}`;
}

function milliseconds(value: number): string {
  return formatDuration(value / 1000);
}

function lossText(loss: number | null | undefined): string {
  return loss === null || loss === undefined ? 'not finite' : formatMeasure(loss);
}

function sourceText({program}: BenchRecord): string {
  if (program.commit === null) return program.version;
  return `${program.version}, ${program.commit.slice(0, 12)}${program.uncommitted === true ? ' with changes' : ''}`;
}

function text(value: unknown): string {
  return value === undefined || value === null ? '–' : String(value);
}
