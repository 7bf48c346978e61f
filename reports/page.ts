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
  /** The bands of a chart that stays an image. The first is described in words, the others by the rows they stand in. */
  bands(chart: Chart): readonly Html[];
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
  const images = (chart: Chart): readonly Html[] => {
    const {width, height, bands = [height], alt} = chart;
    const [light, dark] = [draw(chart, palettes.light), draw(chart, palettes.dark)];
    return bands.map(
      (band, index) =>
        html`<picture><source media="screen and (prefers-color-scheme: dark)" srcset="${dark[index]!}"><img src="${light[index]!}" width="${width}" height="${band}" alt="${index === 0 ? alt : ''}"></picture>`,
    );
  };
  return {
    facts,
    nextTable: () => `Table ${++tables}`,
    nextFigure: () => `Figure ${++figures}`,
    chart(chart) {
      placed.push(chart);
      return html`<div class="chart" data-chart="${chart.id}">${images(chart)}</div>`;
    },
    bands: (chart) => images(chart).map((image) => html`<div class="chart">${image}</div>`),
    placed: () => placed,
  };
}
