import type {Chart, ChartRenderer, Palette} from './charts.js';
import type {ReportFacts} from './facts.js';
import {type Html, html} from './html.js';

/** What every section needs: the facts, running numbers for captions, and a way to place a chart. */
export type Page = Readonly<{
  facts: ReportFacts;
  /** `Table 1`, `Table 2` … and `Figure 1` …, in the order of the calls. */
  nextTable(): string;
  nextFigure(): string;
  /** A chart that becomes interactive where scripts run. */
  chart(chart: Chart): Html;
  /** A chart that stays an image; `described` means that the text beside it says it all. */
  image(chart: Chart, described: boolean): Html;
  /** The charts placed so far by `chart`. */
  placed(): readonly Chart[];
}>;

export function openPage(
  facts: ReportFacts,
  draw: ChartRenderer,
  palettes: Readonly<{light: Palette; dark: Palette}>,
): Page {
  let [tables, figures] = [0, 0];
  const placed: Chart[] = [];
  const image = (chart: Chart, described: boolean): Html => {
    const {width, height} = chart;
    return html`<picture><source media="screen and (prefers-color-scheme: dark)" srcset="${draw(chart, palettes.dark)}"><img src="${draw(chart, palettes.light)}" width="${width}" height="${height}" alt="${described ? '' : chart.alt}"></picture>`;
  };
  return {
    facts,
    nextTable: () => `Table ${++tables}`,
    nextFigure: () => `Figure ${++figures}`,
    chart(chart) {
      placed.push(chart);
      return html`<div class="chart" data-chart="${chart.id}">${image(chart, false)}</div>`;
    },
    image: (chart, described) => html`<div class="chart">${image(chart, described)}</div>`,
    placed: () => placed,
  };
}
