import {readFileSync} from 'node:fs';
import {createRequire} from 'node:module';
import {GlobalFonts} from '@napi-rs/canvas';
import type {ChartConfiguration, Plugin} from 'chart.js';
import {ChartJSNodeCanvas} from 'chartjs-node-canvas';
import type {Json, JsonObject} from '../pipeline/model/json.js';
import {notesPlugin} from './client/notes.js';
import {encodePng} from './png.js';

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
  /** What the chart shows, in words: its finding, not its kind. */
  alt: string;
  /** Chart.js configuration without functions. */
  config: JsonObject;
}>;

/** Colours by name, without the $. */
export type Palette = Readonly<Record<string, string>>;

/** Draws charts into PNG files, as `data:` addresses. The same chart and palette give the same bytes. */
export type ChartRenderer = (chart: Chart, palette: Palette) => string;

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
    return `data:image/png;base64,${canvas.renderToBufferSync(configuration(chart, palette)).toString('base64')}`;
  };
}

function createCanvas(width: number, height: number): ChartJSNodeCanvas {
  return new ChartJSNodeCanvas({
    width,
    height,
    plugins: {modern: [notesPlugin as Plugin, encoderPlugin]},
    chartCallback: ({defaults}) => {
      defaults.font.family = `"${CHART_FONT}"`;
    },
  });
}

/** Lets the finished canvas be encoded by our own encoder: smaller files, in half the time. */
const encoderPlugin: Plugin = {
  id: 'encoder',
  afterRender(chart) {
    const canvas = chart.canvas as unknown as {
      width: number;
      height: number;
      data(): Uint8Array;
      toBuffer(): Buffer;
    };
    canvas.toBuffer = () => encodePng({width: canvas.width, height: canvas.height, rgba: canvas.data()});
  },
};

function registerFonts(): void {
  const require = createRequire(import.meta.url);
  for (const weight of [400, 600]) {
    const file = require.resolve(`@fontsource/open-sans/files/open-sans-latin-${weight}-normal.woff2`);
    if (GlobalFonts.register(readFileSync(file), CHART_FONT) === null)
      throw new Error(`Cannot use the font ${file}`);
  }
}

function configuration(chart: Chart, palette: Palette): ChartConfiguration {
  const config = colored(chart.config, palette) as JsonObject & {options: JsonObject};
  const options = {
    ...config.options,
    devicePixelRatio: DENSITY,
    events: [],
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
