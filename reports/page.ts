import type {Chart, ChartRenderer, Palette} from './charts.js';
import {type Html, html} from './html.js';

/** What every section needs: the facts, running numbers for captions, and a way to place a chart. */
export type Page<Facts> = Readonly<{
  facts: Facts;
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

export function openPage<Facts>(
  facts: Facts,
  draw: ChartRenderer,
  palettes: Readonly<{light: Palette; dark: Palette}>,
): Page<Facts> {
  let [tables, figures] = [0, 0];
  const placed: Chart[] = [];
  // Both are loaded and the style sheet shows one: a browser that prints does not fetch another source of a picture.
  const images = (chart: Chart): readonly Html[] => {
    const {width, height, bands = [height], alt} = chart;
    const [light, dark] = [draw(chart, palettes.light), draw(chart, palettes.dark)];
    return bands.map((band, index) => {
      const size = html`width="${width}" height="${band}" alt="${index === 0 ? alt : ''}"`;
      return html`<img class="on-light" src="${light[index]!}" ${size}><img class="on-dark" src="${dark[index]!}" ${size}>`;
    });
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
