import {formatBytes, formatDuration} from '../../pipeline/model/words.js';
import {figure, headRow, over, table} from '../elements.js';
import type {ReportFacts} from '../facts.js';
import {stageTimeChart} from '../figures/stages.js';
import {throughputChart} from '../figures/training.js';
import {type Html, type HtmlValue, html} from '../html.js';
import {fixed} from '../numbers.js';
import type {Page} from '../page.js';

/** Wall time by stage, and throughput by epoch. */
export function times(page: Page<ReportFacts>): Html {
  const {training, stages} = page.facts;
  const made = stages.filter((stage) => stage.artifact !== null);
  const seconds = made.reduce((sum, stage) => sum + stage.artifact!.seconds, 0);
  const earlier = made.filter((stage) => stage.action !== 'run').map((stage) => stage.id);
  const origin =
    earlier.length === 0
      ? 'All were made by this run.'
      : `Hollow: made by an earlier run (${earlier.join(', ')}).`;
  if (made.length === 0)
    return html`<p>No artifact of the run is left to tell how long it took.</p>
`;
  return html`<div class="two">${figure({
    number: page.nextFigure(),
    chart: page.chart(stageTimeChart(stages)),
    caption: html`Wall time of each stage; ${formatDuration(seconds)} in all. ${origin}`,
  })}
${
  training.epochs.length < 2
    ? null
    : figure({
        number: page.nextFigure(),
        chart: page.chart(throughputChart(training)),
        caption: 'Training images per second by epoch, validation excluded. The axis starts at zero.',
      })
}</div>
`;
}

/** What a step and an epoch took. */
export function speedTable(page: Page<ReportFacts>): Html {
  const {epochs} = page.facts.training;
  // The first epoch warms caches up; it is left out where others remain.
  const steady = epochs.length > 1 ? epochs.slice(1) : epochs;
  const median = (value: (epoch: (typeof epochs)[number]) => number): number => {
    const sorted = steady.map(value).sort((a, b) => a - b);
    const middle = Math.floor(sorted.length / 2);
    return sorted.length % 2 === 1 ? sorted[middle]! : (sorted[middle - 1]! + sorted[middle]!) / 2;
  };
  const memory = Math.max(0, ...epochs.map((epoch) => epoch.peak_memory_bytes ?? 0));
  const rows: (readonly [string, HtmlValue, string, string])[] = [
    [
      'Throughput',
      fixed(
        median((epoch) => epoch.images_per_second),
        1,
      ),
      'images/s',
      'training only, median of these epochs',
    ],
    [
      'Epoch',
      fixed(
        median((epoch) => epoch.seconds),
        1,
      ),
      's',
      'training and validation, median',
    ],
    [
      'Step, median',
      fixed(
        median((epoch) => epoch.step_ms_p50),
        1,
      ),
      'ms',
      'host clock',
    ],
    [
      'Step, 95th percentile',
      fixed(
        median((epoch) => epoch.step_ms_p95),
        1,
      ),
      'ms',
      'host clock',
    ],
    ['Step, slowest', fixed(Math.max(...steady.map((epoch) => epoch.step_ms_max)), 1), 'ms', 'host clock'],
    [
      'Loader stall',
      fixed(100 * median((epoch) => epoch.loader_stall_share), 1),
      '% of training',
      'time the loop waited for its next batch',
    ],
    [
      'Peak memory',
      memory === 0 ? html`<span class="absent">not measured</span>` : formatBytes(memory),
      '',
      'per rank',
    ],
  ];
  return table({
    id: 'speed',
    number: page.nextTable(),
    caption: `Time and throughput of the training: ${epochs.length > 1 ? `epochs 2 to ${epochs.length}, without the first, which warms up` : 'its only epoch'}.`,
    shape: 'fit',
    head: headRow('Measure', over('Value'), 'Unit', 'How'),
    body: rows.map(
      ([
        name,
        value,
        unit,
        how,
      ]) => html`<tr><th scope="row">${name}</th><td class="right">${value}</td><td>${unit}</td><td>${how}</td></tr>
`,
    ),
  });
}
