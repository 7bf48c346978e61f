import {err, ok, type Result} from '../../model/result.js';
import type {Frame} from './frame.js';
import {bilinearTaps, type Tap} from './weights.js';

/** Turns images of any size into squares of one size: views that the next call overwrites. */
export type Kernel = Readonly<{
  /**
   * @param filtered - Inflated PNG data of 8-bit gray: per row a filter byte and `width` samples.
   * @returns `size * size` pixels, or the number of the first row with a filter type that PNG does not know.
   */
  fromFilteredRows(frame: Frame, filtered: Uint8Array): Result<Uint8Array, number>;
  /** @param pixels - `width * height` gray values. */
  fromPixels(frame: Frame, pixels: Uint8Array): Uint8Array;
  /**
   * Undoes the row filters and no more.
   * @param filtered - As for `fromFilteredRows`, of samples or of any other bytes that PNG filters one by one.
   * @returns `width * height` bytes that are the caller's, or the number of the first row with an unknown filter type.
   */
  unfilter(frame: Frame, filtered: Uint8Array): Result<Uint8Array, number>;
}>;

/** What kernel/index.ts exports; all numbers are addresses or counts of bytes, rows, columns. */
type Exports = Readonly<{
  memory: WebAssembly.Memory;
  heapStart(): number;
  unfilter(raw: number, width: number, height: number, pixels: number, pitch: number): number;
  resizeRows(...numbers: number[]): void;
  resizeColumns(...numbers: number[]): void;
}>;

/** Where everything lies in memory for one frame. A pitch is the distance from row to row. */
type Layout = Readonly<{
  raw: number;
  pixels: number;
  pixelPitch: number;
  narrowed: number;
  narrowedPitch: number;
  output: number;
  rowTable: RowTable;
  columnTable: ColumnTable;
}>;

type RowTable = Readonly<{starts: number; coefficients: number; groups: number}>;
type ColumnTable = Readonly<{starts: number; counts: number; coefficients: number; taps: number}>;

/** The kernel reads and writes a little beyond both ends of what it is given, never more than this. */
const MARGIN_BYTES = 64;

/** @param module - The compiled kernel/index.ts; @param size - Side of the squares it makes, in pixels. */
export function createKernel(module: WebAssembly.Module, size: number): Kernel {
  const wasm = new WebAssembly.Instance(module, {env: {abort}}).exports as Exports;
  let prepared: {frame: Frame; layout: Layout} | null = null;
  const layoutFor = (frame: Frame): Layout => {
    const {width, height} = prepared?.frame ?? {width: 0, height: 0};
    if (prepared !== null && width === frame.width && height === frame.height) return prepared.layout;
    prepared = {frame, layout: prepare(wasm, frame, size)};
    return prepared.layout;
  };
  const bytes = (): Uint8Array => new Uint8Array(wasm.memory.buffer);
  return {
    fromFilteredRows: (frame, filtered) => {
      const layout = layoutFor(frame);
      bytes().set(filtered, layout.raw);
      const {raw, pixels, pixelPitch} = layout;
      const wrongRow = wasm.unfilter(raw, frame.width, frame.height, pixels, pixelPitch);
      return wrongRow === 0 ? ok(resize({wasm, frame, layout, size})) : err(wrongRow);
    },
    fromPixels: (frame, source) => {
      const layout = layoutFor(frame);
      const memory = bytes();
      for (let row = 0; row < frame.height; row++) {
        const line = source.subarray(row * frame.width, (row + 1) * frame.width);
        memory.set(line, layout.pixels + row * layout.pixelPitch);
      }
      return resize({wasm, frame, layout, size});
    },
    unfilter: (frame, filtered) => {
      // Its place in memory is that of the tables.
      prepared = null;
      return unfilter(wasm, frame, filtered);
    },
  };
}

function unfilter(wasm: Exports, {width, height}: Frame, filtered: Uint8Array): Result<Uint8Array, number> {
  const space = createSpace(wasm);
  const {raw, pixels, pixelPitch} = reservePixels(space, {width, height});
  space.grow();
  const memory = new Uint8Array(wasm.memory.buffer);
  memory.set(filtered, raw);
  const wrongRow = wasm.unfilter(raw, width, height, pixels, pixelPitch);
  if (wrongRow !== 0) return err(wrongRow);
  const copy = new Uint8Array(width * height);
  for (let row = 0; row < height; row++) {
    const start = pixels + row * pixelPitch;
    copy.set(memory.subarray(start, start + width), row * width);
  }
  return ok(copy);
}

function abort(): never {
  throw new Error('Internal error: the image kernel gave up');
}

/**
 * Rows first, then columns: the values between are rounded to 8 bits, so the order matters. Pillow and torchvision do the
 * same; only Pillow 13 turns it round, for images whose height shrinks far more than their width.
 */
function resize({
  wasm,
  frame,
  layout,
  size,
}: Readonly<{wasm: Exports; frame: Frame; layout: Layout; size: number}>): Uint8Array {
  const {rowTable, columnTable, narrowed, narrowedPitch, pixels, pixelPitch, output} = layout;
  let [source, pitch] = [pixels, pixelPitch];
  if (frame.width !== size) {
    const {starts, coefficients, groups} = rowTable;
    wasm.resizeRows(
      pixels,
      pixelPitch,
      narrowed,
      narrowedPitch,
      frame.height,
      size,
      starts,
      coefficients,
      groups,
    );
    [source, pitch] = [narrowed, narrowedPitch];
  }
  const memory = new Uint8Array(wasm.memory.buffer);
  if (frame.height !== size) {
    const {starts, counts, coefficients, taps} = columnTable;
    wasm.resizeColumns(source, pitch, output, size, size, starts, counts, coefficients, taps);
  } else {
    for (let row = 0; row < size; row++) {
      memory.copyWithin(output + row * size, source + row * pitch, source + row * pitch + size);
    }
  }
  return memory.subarray(output, output + size * size);
}

function prepare(wasm: Exports, frame: Frame, size: number): Layout {
  const {width, height} = frame;
  const rowTaps = bilinearTaps(width, size);
  const columnTaps = bilinearTaps(height, size);
  const groups = Math.ceil(mostWeights(rowTaps) / 8);
  const taps = mostWeights(columnTaps);
  const outputs = Math.ceil(size / 4) * 4;
  const space = createSpace(wasm);
  const {reserve} = space;
  const narrowedPitch = Math.ceil(size / 16) * 16;
  const layout: Layout = {
    ...reservePixels(space, frame),
    narrowed: reserve(height * narrowedPitch),
    narrowedPitch,
    output: reserve(size * size),
    rowTable: {starts: reserve(outputs * 4), coefficients: reserve(outputs * groups * 32), groups},
    columnTable: {
      starts: reserve(size * 4),
      counts: reserve(size * 4),
      coefficients: reserve(size * taps * 4),
      taps,
    },
  };
  space.grow();
  fillRowTable(wasm.memory.buffer, layout.rowTable, {taps: rowTaps, outputs});
  fillColumnTable(wasm.memory.buffer, layout.columnTable, columnTaps);
  return layout;
}

/** Hands out addresses from the start of free memory; `grow` makes sure that all of it is there. */
type Space = Readonly<{reserve(bytes: number): number; grow(): void}>;

function createSpace({memory, heapStart}: Exports): Space {
  let end = heapStart();
  return {
    reserve: (bytes) => {
      const start = Math.ceil((end + MARGIN_BYTES) / 16) * 16;
      end = start + bytes + MARGIN_BYTES;
      return start;
    },
    grow: () => {
      const missing = Math.ceil((end - memory.buffer.byteLength) / 65536);
      if (missing > 0) memory.grow(missing);
    },
  };
}

function reservePixels(
  {reserve}: Space,
  {width, height}: Frame,
): Pick<Layout, 'raw' | 'pixels' | 'pixelPitch'> {
  const pixelPitch = Math.ceil(width / 16) * 16 + 32;
  return {
    raw: reserve(height * (width + 1)),
    // One row more: the row of zeros above the first.
    pixels: reserve((height + 1) * pixelPitch) + pixelPitch,
    pixelPitch,
  };
}

function mostWeights(taps: readonly Tap[]): number {
  return Math.max(...taps.map(({weights}) => weights.length));
}

/** A weight is cut into a high and a low part of 11 bits each: the kernel multiplies 16-bit numbers. */
function fillRowTable(
  memory: ArrayBuffer,
  table: RowTable,
  {taps, outputs}: Readonly<{taps: readonly Tap[]; outputs: number}>,
): void {
  const starts = new Uint32Array(memory, table.starts, outputs).fill(0);
  const coefficients = new Int16Array(memory, table.coefficients, outputs * table.groups * 16).fill(0);
  for (const [output, {start, weights}] of taps.entries()) {
    starts[output] = start;
    for (const [tap, weight] of weights.entries()) {
      const group = output * table.groups + (tap >> 3);
      coefficients[group * 16 + (tap & 7)] = weight >> 11;
      coefficients[group * 16 + 8 + (tap & 7)] = weight & 2047;
    }
  }
}

function fillColumnTable(memory: ArrayBuffer, table: ColumnTable, taps: readonly Tap[]): void {
  const starts = new Uint32Array(memory, table.starts, taps.length);
  const counts = new Uint32Array(memory, table.counts, taps.length);
  const coefficients = new Int32Array(memory, table.coefficients, taps.length * table.taps).fill(0);
  for (const [output, {start, weights}] of taps.entries()) {
    starts[output] = start;
    counts[output] = weights.length;
    coefficients.set(weights, output * table.taps);
  }
}
