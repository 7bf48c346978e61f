import {readFileSync} from 'node:fs';
import {createRequire} from 'node:module';
import {GlobalFonts} from '@napi-rs/canvas';
import type {ChartConfiguration, Plugin} from 'chart.js';
import {ChartJSNodeCanvas} from 'chartjs-node-canvas';
import type {Json, JsonObject} from '../pipeline/model/json.js';
import {notesPlugin} from './client/notes.js';
import {encodePng, type Pixels} from './png.js';

/**
 * A chart, described once: drawn here into images for every reader, and by Chart.js in the browser where scripts run.
 * A string that begins with $ names a colour of the style sheet (`$ink2`).
 */
export type Chart = Readonly<{
  /** Unique on the page. */
  id: string;
  /** CSS pixels. */
  width: number;
  height: number;
  /** Heights from the top, together the whole: the image is cut into as many. One image unless given. */
  bands?: readonly number[];
  /** What the chart shows, in words: its finding, not its kind. */
  alt: string;
  /** Chart.js configuration without functions. */
  config: JsonObject;
}>;

/** Colours by name, without the $. */
export type Palette = Readonly<Record<string, string>>;

/** Draws a chart into a PNG file per band, as `data:` addresses. The same chart and palette give the same bytes. */
export type ChartRenderer = (chart: Chart, palette: Palette) => readonly string[];

/** Image pixels per CSS pixel: sharp on the screens and printers in use. */
const DENSITY = 2;

/** The family under which the bundled font is registered; no installed font has this name. */
export const CHART_FONT = 'Report Sans';

/** @throws Error - The font or the canvas library cannot be loaded; the installation is incomplete. */
export function createChartRenderer(): ChartRenderer {
  registerFonts();
  const canvases = new Map<string, ChartJSNodeCanvas>();
  return (chart, palette) => {
    const {width, height} = chart;
    const size = `${width} ${height}`;
    const canvas = canvases.get(size) ?? createCanvas(width, height);
    canvases.set(size, canvas);
    const rgba = canvas.renderToBufferSync(configuration(chart, palette));
    return cut(rgba, chart).map((band) => `data:image/png;base64,${encodePng(band).toString('base64')}`);
  };
}

function createCanvas(width: number, height: number): ChartJSNodeCanvas {
  return new ChartJSNodeCanvas({
    width,
    height,
    plugins: {modern: [notesPlugin as Plugin, pixelPlugin]},
    chartCallback: ({defaults}) => {
      defaults.font.family = `"${CHART_FONT}"`;
    },
  });
}

/** Lets the canvas hand over its pixels instead of a PNG file: ours are smaller, and made in half the time. */
const pixelPlugin: Plugin = {
  id: 'pixels',
  afterRender(chart) {
    const canvas = chart.canvas as unknown as {data(): Uint8Array; toBuffer(): Buffer};
    // A copy: the canvas is cleared before anyone reads them.
    canvas.toBuffer = () => Buffer.from(canvas.data());
  },
};

function cut(rgba: Uint8Array, {width, height, bands = [height]}: Chart): readonly Pixels[] {
  const bytesPerRow = width * DENSITY * 4;
  let top = 0;
  return bands.map((band) => {
    const start = top;
    top += band * DENSITY;
    return {
      width: width * DENSITY,
      height: band * DENSITY,
      rgba: rgba.subarray(start * bytesPerRow, top * bytesPerRow),
    };
  });
}

function registerFonts(): void {
  const require = createRequire(import.meta.url);
  for (const weight of [400, 600]) {
    const file = require.resolve(`@fontsource/open-sans/files/open-sans-latin-${weight}-normal.woff2`);
    if (GlobalFonts.register(readFileSync(file), CHART_FONT) === null)
      throw new Error(`Cannot use the font ${file}`);
  }
}

function configuration(chart: Chart, palette: Palette): ChartConfiguration {
  const config = colored(chart.config, palette) as JsonObject & {options: {plugins: JsonObject}};
  const options = {
    ...config.options,
    devicePixelRatio: DENSITY,
    // Nobody points at an image.
    events: [],
    plugins: {...config.options.plugins, tooltip: {enabled: false}},
  };
  return {...config, options} as unknown as ChartConfiguration;
}

/** A fresh, changeable copy: Chart.js writes into what it is given. */
function colored(value: Json, palette: Palette): Json {
  if (typeof value === 'string' && value.startsWith('$')) return color(value.slice(1), palette);
  if (Array.isArray(value)) return value.map((item: Json) => colored(item, palette));
  if (typeof value === 'object' && value !== null)
    return Object.fromEntries(Object.entries(value).map(([key, field]) => [key, colored(field, palette)]));
  return value;
}

function color(name: string, palette: Palette): string {
  const value = palette[name];
  if (value === undefined) throw new Error(`Internal error: no colour $${name}`);
  return value;
}
