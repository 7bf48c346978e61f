/**
 * Text and marks on top of a chart, in the coordinates of its data: what Chart.js has no configuration for. Runs on
 * the server for the images and in the reader's browser for the live charts, so it knows neither Node nor the DOM.
 */
export type Notes = Readonly<{
  labels?: readonly NoteLabel[];
  /** Vertical lines over the whole plot. */
  marks?: readonly NoteMark[];
  /** Vertical ticks around a horizontal line, for values that have no interval. */
  ticks?: readonly Readonly<{x: number; y: number; reach: number; color: string}>[];
}>;

export type NoteLabel = Readonly<{
  x: number;
  y: number;
  text: string;
  color: string;
  align: 'left' | 'center' | 'right';
  /** Pixels away from the point. */
  dx?: number;
  dy?: number;
  bold?: boolean;
  size?: number;
}>;

export type NoteMark = Readonly<{
  x: number;
  color: string;
  text?: string;
  textColor?: string;
  align?: 'left' | 'right';
  /** Pixels below the upper edge of the plot. */
  dy?: number;
}>;

/** The parts of a chart and of its drawing context that notes use. */
export type NotedChart = Readonly<{
  ctx: Pen;
  chartArea: Readonly<{top: number; bottom: number; left: number; right: number}>;
  scales: Readonly<Record<string, Readonly<{getPixelForValue(value: number): number}>>>;
  options: Readonly<{font?: Readonly<{family?: string; size?: number}>}>;
}>;

type Pen = {
  save(): void;
  restore(): void;
  beginPath(): void;
  moveTo(x: number, y: number): void;
  lineTo(x: number, y: number): void;
  stroke(): void;
  fillText(text: string, x: number, y: number): void;
  setLineDash(segments: number[]): void;
  strokeStyle: unknown;
  fillStyle: unknown;
  lineWidth: number;
  font: string;
  textAlign: unknown;
  textBaseline: unknown;
};

/** A Chart.js plugin; its options are `Notes`. */
export const notesPlugin = {
  id: 'notes',
  beforeDatasetsDraw(chart: NotedChart, _args: unknown, notes: Notes): void {
    for (const mark of notes.marks ?? []) drawMark(chart, mark);
  },
  /** The first dataset is drawn last: ticks lie on the others and under it. */
  beforeDatasetDraw(chart: NotedChart, {index}: Readonly<{index: number}>, notes: Notes): void {
    if (index === 0) for (const tick of notes.ticks ?? []) drawTick(chart, tick);
  },
  afterDatasetsDraw(chart: NotedChart, _args: unknown, notes: Notes): void {
    for (const label of notes.labels ?? []) drawLabel(chart, label);
  },
};

function drawMark(chart: NotedChart, mark: NoteMark): void {
  const {ctx, chartArea, scales} = chart;
  const x = Math.round(scales['x']!.getPixelForValue(mark.x)) + 0.5;
  ctx.save();
  ctx.strokeStyle = mark.color;
  ctx.lineWidth = 1;
  ctx.setLineDash([3, 3]);
  ctx.beginPath();
  ctx.moveTo(x, chartArea.top);
  ctx.lineTo(x, chartArea.bottom);
  ctx.stroke();
  ctx.restore();
  if (mark.text === undefined) return;
  const align = mark.align ?? 'left';
  writeText(chart, {
    text: mark.text,
    color: mark.textColor ?? mark.color,
    align,
    at: [x + (align === 'left' ? 5 : -5), chartArea.top + (mark.dy ?? 6)],
  });
}

function drawTick(chart: NotedChart, tick: NonNullable<Notes['ticks']>[number]): void {
  const {ctx, scales} = chart;
  const [x, y] = [scales['x']!.getPixelForValue(tick.x), scales['y']!.getPixelForValue(tick.y)];
  ctx.save();
  ctx.strokeStyle = tick.color;
  ctx.lineWidth = 1.4;
  ctx.beginPath();
  ctx.moveTo(x, y - tick.reach);
  ctx.lineTo(x, y + tick.reach);
  ctx.stroke();
  ctx.restore();
}

function drawLabel(chart: NotedChart, label: NoteLabel): void {
  const {scales} = chart;
  const x = scales['x']!.getPixelForValue(label.x) + (label.dx ?? 0);
  const y = scales['y']!.getPixelForValue(label.y) + (label.dy ?? 0);
  writeText(chart, {...label, at: [x, y]});
}

type Written = Readonly<{
  text: string;
  color: string;
  align: string;
  at: readonly [number, number];
  bold?: boolean;
  size?: number;
}>;

function writeText(chart: NotedChart, written: Written): void {
  const {ctx, options} = chart;
  ctx.save();
  ctx.font = `${written.bold ? '600 ' : ''}${written.size ?? options.font?.size ?? 12}px ${options.font?.family ?? 'sans-serif'}`;
  ctx.fillStyle = written.color;
  ctx.textAlign = written.align;
  ctx.textBaseline = 'middle';
  ctx.fillText(written.text, written.at[0], written.at[1]);
  ctx.restore();
}
