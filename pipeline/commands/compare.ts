import {existsSync} from 'node:fs';
import {join, resolve} from 'node:path';
import {BENCH_FILE} from '../bench/record.js';
import {type BenchComparison, compareBenches} from '../compare/bench.js';
import {type ComparisonText, describeComparison} from '../compare/bench-text.js';
import {type Compared, readCompared} from '../compare/read.js';
import {type Diagnostic, fault} from '../model/diagnostic.js';
import {EXIT, type ExitCode} from '../model/exit-code.js';
import {err, ok, type Result} from '../model/result.js';
import {sayFaults} from './say-faults.js';
import type {Shell} from './shell.js';
import {openState} from './state.js';
import {table} from './table.js';

export type CompareOptions = Readonly<{
  given: readonly string[];
  margin: number;
  withPublished?: boolean;
  json?: boolean;
  md?: boolean;
}>;

/** Measured trainings side by side, and whether their losses differ. */
export function compareCommand(shell: Shell, options: CompareOptions): ExitCode {
  const read = options.given.map((reference) => readOne(shell, reference));
  const faults = read.flatMap((one) => (one.ok ? [] : one.error));
  if (faults.length > 0) {
    sayFaults(shell, faults);
    return EXIT.usage;
  }
  const comparison = compareBenches(
    read.flatMap((one) => (one.ok ? [one.value] : [])),
    {marginShare: options.margin, withPublished: options.withPublished ?? false},
  );
  if (options.json) shell.print(`${JSON.stringify(plainDocument(comparison), null, 2)}\n`);
  else shell.print((options.md ? asMarkdown : asText)(describeComparison(comparison)));
  return EXIT.ok;
}

/** A file, or a run that has a record in its folder. */
function readOne(shell: Shell, reference: string): Result<Compared, readonly Diagnostic[]> {
  const path = resolve(shell.folder, reference);
  if (existsSync(path) || reference.endsWith('.json')) return readCompared({name: reference, path});
  const store = openState(shell);
  const found = store.ok ? store.value.runs.resolve(reference) : null;
  if (found === null || !found.ok) {
    const message = `there is neither a file nor a run called '${reference}'`;
    return err([found?.ok === false ? {...found.error, message} : fault(message, null)]);
  }
  const file = join(found.value.folder, BENCH_FILE);
  if (!existsSync(file)) {
    const hint = 'compare takes the records that bench train writes, or the names of its runs';
    return err([fault(`the run ${found.value.name} measured nothing`, null, hint)]);
  }
  const compared = readCompared({name: file, path: file});
  return compared.ok ? ok({...compared.value, name: found.value.name}) : compared;
}

/** As JSON: names with underscores, as everywhere in documents. */
function plainDocument({schema, records, pairs, published}: BenchComparison): unknown {
  return {
    schema,
    records,
    pairs: pairs.map((pair) => ({
      reference: pair.reference,
      other: pair.other,
      same_work: pair.sameWork,
      work_differs: pair.workDiffers,
      settings_differ: pair.settingsDiffer,
      ratio:
        pair.ratio === null
          ? null
          : {seconds: pair.ratio.seconds, images_per_second: pair.ratio.imagesPerSecond},
      no_ratio_because: pair.noRatioBecause,
      loss: pair.loss === null ? null : lossDocument(pair.loss),
      not_tested_because: pair.notTestedBecause,
    })),
    published,
  };
}

function lossDocument(loss: NonNullable<BenchComparison['pairs'][number]['loss']>): unknown {
  return {
    verdict: loss.verdict,
    because: loss.because,
    steps: loss.steps,
    mean_difference: loss.meanDifference,
    largest_difference: loss.largestDifference,
    mean_loss: loss.meanLoss,
    margin: loss.margin,
    margin_share: loss.marginShare,
    interval_95: loss.interval95,
    interval_90: loss.interval90,
    blocks: loss.blocks,
    autocorrelation: loss.autocorrelation,
  };
}

function asText({header, rows, pairs, published}: ComparisonText): string {
  const parts = [
    table(header, rows),
    ...pairs.map(({title, lines}) => [title, ...lines.map((line) => `  ${line}`), ''].join('\n')),
  ];
  if (published !== null) parts.push(`${published.title}\n${table(published.header, published.rows)}`);
  return parts.join('\n');
}

function asMarkdown({header, rows, pairs, published}: ComparisonText): string {
  const parts = [markdownTable(header, rows)];
  for (const {title, lines} of pairs) {
    parts.push(
      `**${inMarkdown(title)}**\n\n${lines.map((line) => `- ${inMarkdown(line.trim())}\n`).join('')}`,
    );
  }
  if (published !== null) {
    parts.push(`**${published.title}**\n\n${markdownTable(published.header, published.rows)}`);
  }
  return parts.join('\n');
}

function markdownTable(header: readonly string[], rows: readonly (readonly string[])[]): string {
  const line = (cells: readonly string[]): string =>
    `| ${cells.map((cell) => inMarkdown(cell.trim())).join(' | ')} |\n`;
  return `${line(header)}|${header.map(() => '---|').join('')}\n${rows.map(line).join('')}`;
}

/** Names of files may hold what Markdown takes for its own. */
function inMarkdown(text: string): string {
  return text.replace(/[\\|`*_<>[\]]/g, '\\$&');
}
