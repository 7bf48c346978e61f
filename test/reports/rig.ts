import assert from 'node:assert/strict';
import {existsSync, mkdirSync, readFileSync, writeFileSync} from 'node:fs';
import {dirname, join} from 'node:path';
import {type Assets, loadAssets} from '../../reports/assets.js';
import {renderDataCard} from '../../reports/card/page.js';
import type {DataCardFacts} from '../../reports/card-facts.js';
import {type ChartRenderer, createChartRenderer} from '../../reports/charts.js';
import type {ReportFacts} from '../../reports/facts.js';
import {renderReport} from '../../reports/report.js';
import {ROOT} from '../rig.js';

/** A report as `pipeline run` writes it. */
export function render(facts: ReportFacts): string {
  return renderReport(facts, loadAssets(), createChartRenderer());
}

/** The same without drawing: for tests of words and mark-up. */
export function renderWords(facts: ReportFacts, assets: Assets = loadAssets()): string {
  return renderReport(facts, assets, undrawn);
}

/** A data card as `pipeline run` writes it. */
export function renderCard(facts: DataCardFacts): string {
  return renderDataCard(facts, loadAssets(), createChartRenderer());
}

/** The same without drawing. */
export function renderCardWords(facts: DataCardFacts): string {
  return renderDataCard(facts, loadAssets(), undrawn);
}

const undrawn: ChartRenderer = ({id, bands = [0]}) =>
  bands.map((_, band) => `data:image/png;base64,${Buffer.from(`${id} ${band}`).toString('base64')}`);

/** What a reader without images and scripts reads: one line per block. */
export function textOf(html: string): string {
  return html
    .replace(/<(script|style|svg|head)\b[\s\S]*?<\/\1>/g, '')
    .replace(/<img class="on-dark"[^>]*>/g, '')
    .replace(/<img [^>]*alt="([^"]*)"[^>]*>/g, (_, alt: string) => (alt === '' ? '' : `[${alt}]`))
    .replace(/\n/g, ' ')
    .replace(/<(?:\/td|\/th)>/g, ' | ')
    .replace(
      /<(?:p|h1|h2|h3|li|tr|dt|dd|caption|figcaption|section|summary|pre|br|details|div)\b[^>]*>/g,
      '\n',
    )
    .replace(/<[^>]*>/g, '')
    .replace(/&#(\d+);/g, (_, code: string) => String.fromCodePoint(Number(code)))
    .split('\n')
    .map((line) => line.replace(/\s+/g, ' ').trim())
    .filter((line) => line !== '')
    .join('\n');
}

/** Compares with a file of this folder's golden/; writes it when it is absent, but never in CI. */
export function assertGolden(name: string, actual: string): void {
  const file = join(ROOT, 'test/reports/golden', name);
  if (!existsSync(file) && process.env['CI'] === undefined) {
    mkdirSync(dirname(file), {recursive: true});
    writeFileSync(file, actual);
  }
  assert.equal(actual, readFileSync(file, 'utf8'), `${file} differs; remove it to have it written anew`);
}

/** Indented, with every list of numbers on one line. */
export function compactJson(value: unknown): string {
  return JSON.stringify(value, null, 1).replace(
    /\[\s+([-\d.,e\s]+?)\s+\]/g,
    (_, numbers: string) => `[${numbers.replace(/\s+/g, ' ')}]`,
  );
}
