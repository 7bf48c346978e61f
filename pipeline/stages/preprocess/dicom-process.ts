import {type ChildProcess, spawn} from 'node:child_process';
import {delimiter} from 'node:path';
import type {Readable} from 'node:stream';
import type {Failure} from '../../model/failure.js';
import {err, ok, type Result} from '../../model/result.js';
import type {PythonTool} from '../../model/stage-kind.js';

/** What py/chexnet/stages/dicom/image.py says of an image: technical, nothing of a person. */
export type DicomFacts = Readonly<{
  photometric: 'MONOCHROME1' | 'MONOCHROME2';
  bits: number;
  signed: boolean;
  /** The transfer syntax by its name. */
  syntax: string;
  modality: 'LUT' | 'rescale' | null;
  voi: 'LUT' | 'LINEAR' | 'LINEAR_EXACT' | 'SIGMOID' | null;
  padding: boolean;
  intent: 'FOR PRESENTATION' | 'FOR PROCESSING' | null;
}>;

/** After `too-slow` and `ended` the process is gone. These and `short-of-memory` say nothing sure of the file. */
export type DicomAnswer =
  | Readonly<{
      outcome: 'image';
      width: number;
      height: number;
      pixels: Uint8Array<ArrayBuffer>;
      facts: DicomFacts;
    }>
  | Readonly<{outcome: 'refused'; reason: string}>
  | Readonly<{outcome: 'short-of-memory'}>
  | Readonly<{outcome: 'too-slow'}>
  | Readonly<{outcome: 'ended'; code: number | null; signal: NodeJS.Signals | null}>;

/** A running py/chexnet/stages/dicom/__main__.py, which says how the two talk. It is asked one thing at a time. */
export type DicomProcess = Readonly<{
  ask(bytes: Uint8Array, limitMs: number): Promise<DicomAnswer>;
  kill(): void;
  /** Settles when the process is gone. */
  ended: Promise<void>;
}>;

type Header =
  | Readonly<{width: number; height: number; facts: DicomFacts}>
  | Readonly<{reason: string}>
  | Readonly<{short_of_memory: true}>;
type Ready =
  | Readonly<{ready: true; versions: Readonly<Record<string, string>>}>
  | Readonly<{ready: false; message: string; hint: string}>;

const START_LIMIT_MS = 60_000;

/** Of what Python says on its way to be ready; afterwards it says nothing. */
const COMPLAINT_CHARACTERS = 2000;

/** `ready` settles when it can be asked, and has decoded an image that is known: "pydicom 3.0.1, gdcm 3.0.24". */
export function startDicomProcess(
  tool: PythonTool,
): Readonly<{process: DicomProcess; ready: Promise<Result<string, Failure>>}> {
  const child = spawn(tool.executable, ['-m', 'chexnet.stages.dicom'], {
    // With -m Python looks for modules in the current folder first.
    cwd: tool.sources,
    env: {...process.env, ...environmentOf(tool)},
    stdio: ['pipe', 'pipe', 'pipe'],
  });
  const frames = new Frames(child.stdout);
  // What cannot be written is noticed when nothing can be read.
  child.stdin.on('error', () => {});
  const ended = new Promise<void>((resolve) => {
    child.once('close', () => resolve());
    child.once('error', () => resolve());
  });
  const started: DicomProcess = {
    ask: (bytes, limitMs) => ask({child, frames, ended}, bytes, limitMs),
    kill: () => child.kill('SIGKILL'),
    ended,
  };
  return {process: started, ready: readinessOf({child, frames, ended}, tool)};
}

type Line = Readonly<{child: ChildProcess; frames: Frames; ended: Promise<void>}>;

function environmentOf({sources}: PythonTool): Readonly<Record<string, string>> {
  const path = [sources, process.env['PYTHONPATH']].filter((part) => part).join(delimiter);
  // One process for each core: threads of one would be in the way of another, and take address space.
  return {PYTHONPATH: path, OMP_NUM_THREADS: '1', OPENBLAS_NUM_THREADS: '1'};
}

async function readinessOf({child, frames, ended}: Line, tool: PythonTool): Promise<Result<string, Failure>> {
  let complaint = '';
  child.stderr!.setEncoding('utf8');
  child.stderr!.on('data', (text: string) => {
    complaint = (complaint + text).slice(-COMPLAINT_CHARACTERS);
  });
  child.once('error', (error) => {
    complaint = error.message;
  });
  const limit = setTimeout(() => child.kill('SIGKILL'), START_LIMIT_MS);
  try {
    const ready = (await frames.json()) as Ready | null;
    if (ready?.ready === true) return ok(inWords(ready.versions));
    await ended;
    if (ready !== null) return err({reason: 'environment', message: ready.message, hint: ready.hint});
    const end = `it ended with ${child.signalCode ?? `exit status ${child.exitCode}`}`;
    const said = complaint.trim().split('\n').at(-1) || end;
    const message = `DICOM files need Python, which does not start: ${said}`;
    return err({
      reason: 'environment',
      message,
      hint: `does ${tool.executable} work? See \`pipeline doctor\``,
    });
  } finally {
    clearTimeout(limit);
  }
}

function inWords(versions: Readonly<Record<string, string>>): string {
  return Object.entries(versions)
    .map(([name, version]) => `${name} ${version}`)
    .join(', ');
}

async function ask({child, frames, ended}: Line, bytes: Uint8Array, limitMs: number): Promise<DicomAnswer> {
  let tooSlow = false;
  const limit = setTimeout(() => {
    tooSlow = true;
    child.kill('SIGKILL');
  }, limitMs);
  try {
    const size = Buffer.alloc(4);
    size.writeUInt32BE(bytes.length);
    child.stdin!.write(size);
    child.stdin!.write(bytes);
    const header = (await frames.json()) as Header | null;
    const pixels = header === null ? null : await frames.next();
    if (header !== null && pixels !== null) {
      if ('reason' in header) return {outcome: 'refused', reason: header.reason};
      if ('short_of_memory' in header) return {outcome: 'short-of-memory'};
      return {outcome: 'image', ...header, pixels};
    }
    await ended;
    return tooSlow
      ? {outcome: 'too-slow'}
      : {outcome: 'ended', code: child.exitCode, signal: child.signalCode};
  } finally {
    clearTimeout(limit);
  }
}

/** Takes a stream apart: each frame is four bytes of length and so many bytes. */
class Frames {
  readonly #chunks: AsyncIterator<Buffer>;
  #rest: Buffer = Buffer.alloc(0);

  constructor(stream: Readable) {
    this.#chunks = stream[Symbol.asyncIterator]();
  }

  /** @returns null when the stream has ended before it. */
  async next(): Promise<Uint8Array<ArrayBuffer> | null> {
    const size = await this.#read(4);
    if (size === null) return null;
    return await this.#read(new DataView(size.buffer).getUint32(0));
  }

  async json(): Promise<unknown> {
    const text = await this.next();
    return text === null ? null : JSON.parse(Buffer.from(text.buffer).toString('utf8'));
  }

  async #read(count: number): Promise<Uint8Array<ArrayBuffer> | null> {
    const target = new Uint8Array(count);
    for (let filled = 0; filled < count; ) {
      if (this.#rest.length === 0) {
        const next = await this.#chunks.next();
        if (next.done) return null;
        this.#rest = next.value;
      }
      const part = this.#rest.subarray(0, count - filled);
      target.set(part, filled);
      filled += part.length;
      this.#rest = this.#rest.subarray(part.length);
    }
    return target;
  }
}
