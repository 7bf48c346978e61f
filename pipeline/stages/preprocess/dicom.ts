import {err, ok, type Result, unreachable} from '../../model/result.js';
import type {PythonTool} from '../../model/stage-kind.js';
import {DicomError} from './dicom-error.js';
import {type DicomAnswer, type DicomFacts, type DicomProcess, startDicomProcess} from './dicom-process.js';

/**
 * `pixels` are `width * height` gray values in memory of their own; `notes` say what was done to get them, `decoders` by
 * which packages of which version.
 */
export type DicomImage = Readonly<{
  width: number;
  height: number;
  pixels: Uint8Array<ArrayBuffer>;
  notes: string;
  decoders: string;
}>;

/**
 * Why a file gives no image: `reason` is the end of a sentence that begins with its name. `passing` when that is not in
 * the file itself but in what became of the processes that decoded it.
 */
export type DicomRefusal = Readonly<{reason: string; passing?: true}>;

export type DicomDecoder = Readonly<{
  /**
   * Gray values of a DICOM file as a person would be shown them (py/chexnet/stages/dicom/image.py says how). It waits
   * until a process is free. A file of which a process dies, takes too long or has not enough memory is given to a fresh
   * one; only if that dies too, of itself, is the file to blame.
   * @param name - Of the file, for what is thrown.
   * @throws DicomError when this image or no image can be decoded here and now, and the signal's reason.
   */
  decode(bytes: Uint8Array, name: string): Promise<Result<DicomImage, DicomRefusal>>;
  /** Ends all processes, also in the middle of an image. */
  close(): Promise<void>;
}>;

export type DicomRequest = Readonly<{
  tool: PythonTool;
  /** At most; each is started when there is an image for it. */
  processes: number;
  signal: AbortSignal;
  /** For one image; a minute unless given. */
  limitMs?: number;
}>;

const LIMIT_MS = 60_000;

/** If that many files are to blame and none could be decoded, it is not the files. */
const MOST_BLAMED = 3;

const TRY_AGAIN =
  'run again when the machine is less busy, what is done is kept; an image that never can be decoded must leave the data set';

/** Signals that a process gets from others, and not by what it does itself. */
const FROM_OUTSIDE: readonly (string | null)[] = ['SIGKILL', 'SIGTERM', 'SIGINT', 'SIGHUP'];

/** Nothing is started yet. */
export function openDicomDecoder(request: DicomRequest): DicomDecoder {
  const pool = new DicomPool(request);
  return {decode: (bytes, name) => pool.decode(bytes, name), close: () => pool.close()};
}

class DicomPool {
  readonly #request: DicomRequest;
  readonly #all = new Set<DicomProcess>();
  readonly #idle: DicomProcess[] = [];
  readonly #waiting: (() => void)[] = [];
  readonly #stop = () => this.#killAll();
  #free: number;
  #closed = false;
  #problem: DicomError | null = null;
  #decoders = '';
  #hasDecoded = false;
  #blamed = 0;

  constructor(request: DicomRequest) {
    this.#request = request;
    this.#free = Math.max(1, request.processes);
    request.signal.addEventListener('abort', this.#stop, {once: true});
  }

  async decode(bytes: Uint8Array, name: string): Promise<Result<DicomImage, DicomRefusal>> {
    await this.#turn();
    try {
      const answer = await this.#ask(bytes, this.#idle.pop());
      return this.#resultOf(isSure(answer) ? answer : await this.#ask(bytes), name);
    } finally {
      this.#endTurn();
    }
  }

  /** Asks this process or, if none is given, a fresh one. */
  async #ask(bytes: Uint8Array, idle?: DicomProcess): Promise<DicomAnswer> {
    this.#refuseWhenOver();
    const decoder = idle ?? (await this.#start());
    const answer = await decoder.ask(bytes, this.#request.limitMs ?? LIMIT_MS);
    if (isSure(answer)) this.#idle.push(decoder);
    else {
      decoder.kill();
      await decoder.ended;
      this.#all.delete(decoder);
      this.#refuseWhenOver();
    }
    return answer;
  }

  async close(): Promise<void> {
    this.#closed = true;
    this.#request.signal.removeEventListener('abort', this.#stop);
    this.#killAll();
    await Promise.all([...this.#all].map(({ended}) => ended));
  }

  #killAll(): void {
    for (const decoder of this.#all) decoder.kill();
  }

  #refuseWhenOver(): void {
    this.#request.signal.throwIfAborted();
    if (this.#problem !== null) throw this.#problem;
    if (this.#closed) throw new Error('Internal error: the DICOM decoder is closed');
  }

  async #start(): Promise<DicomProcess> {
    const starting = startDicomProcess(this.#request.tool);
    this.#all.add(starting.process);
    const ready = await starting.ready;
    // Told to stop, it has not started either; that is another reason.
    this.#request.signal.throwIfAborted();
    // Who waits for a process would only see it fail once more.
    if (ready.ok) this.#decoders = ready.value;
    else this.#problem ??= new DicomError(ready.error);
    this.#refuseWhenOver();
    return starting.process;
  }

  #resultOf(answer: DicomAnswer, name: string): Result<DicomImage, DicomRefusal> {
    switch (answer.outcome) {
      case 'image': {
        const {width, height, pixels, facts} = answer;
        this.#hasDecoded = true;
        return ok({width, height, pixels, notes: describe(facts), decoders: this.#decoders});
      }
      case 'refused':
        return err({reason: answer.reason});
      case 'short-of-memory':
        throw badMoment('ENOMEM', `${name} needs more memory to be unpacked than there is`);
      case 'too-slow': {
        const limit = (this.#request.limitMs ?? LIMIT_MS) / 1000;
        throw badMoment('ETIMEDOUT', `${name} takes longer than ${limit} s to decode, tried twice`);
      }
      case 'ended':
        return err({reason: this.#blame(answer), passing: true});
      default:
        return unreachable(answer);
    }
  }

  /** A decoder that dies of an image twice is that image's fault, unless it dies of every one. */
  #blame(ended: Ended): string {
    if (FROM_OUTSIDE.includes(ended.signal)) throw endedFromOutside(ended);
    const how = ended.signal ?? `exit status ${ended.code}`;
    if (++this.#blamed >= MOST_BLAMED && !this.#hasDecoded) {
      const message = `the decoder of DICOM files fails at every file (${how})`;
      const hint = `are pydicom and gdcm of ${this.#request.tool.executable} whole? Install them anew, and run again`;
      this.#problem ??= new DicomError({reason: 'environment', message, hint});
      throw this.#problem;
    }
    return `makes its decoder fail (${how}): its pixels may be damaged`;
  }

  async #turn(): Promise<void> {
    if (this.#free > 0) this.#free--;
    else await new Promise<void>((resolve) => this.#waiting.push(resolve));
  }

  #endTurn(): void {
    const next = this.#waiting.shift();
    if (next === undefined) this.#free++;
    else next();
  }
}

type Ended = Extract<DicomAnswer, {outcome: 'ended'}>;

/** Whether another process, at another time, would say the same of the file. */
function isSure({outcome}: DicomAnswer): boolean {
  return outcome === 'image' || outcome === 'refused';
}

/** A busy machine must not decide which images are left out. */
function badMoment(code: string, message: string): DicomError {
  return new DicomError({reason: 'system', code, path: null, message, hint: TRY_AGAIN});
}

/** Killed, for example for want of memory. */
function endedFromOutside({code, signal}: Ended): DicomError {
  const message = 'a process that decodes DICOM files was ended from outside; is memory short?';
  const what = 'the DICOM decoder';
  return new DicomError({reason: 'exited', what, code, signal, rank: null, message, tail: []});
}

/** For example "MONOCHROME1, 12 bits, JPEG 2000 Image Compression, rescale, LINEAR window, padding". */
function describe(facts: DicomFacts): string {
  const {photometric, bits, signed, syntax, modality, voi, padding, intent} = facts;
  const shown = voi === null || voi === 'LUT' ? voi && `VOI ${voi}` : `${voi} window`;
  const words = [
    photometric,
    `${bits} bits${signed ? ' signed' : ''}`,
    syntax,
    modality === 'LUT' ? 'Modality LUT' : modality,
    shown,
    padding ? 'padding' : null,
    intent === 'FOR PROCESSING' ? 'raw (for processing)' : null,
  ];
  return words.filter((word) => word !== null).join(', ');
}
