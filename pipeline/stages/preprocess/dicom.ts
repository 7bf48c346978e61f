import {err, ok, type Result, unreachable} from '../../model/result.js';
import type {PythonTool} from '../../model/stage-kind.js';
import {DicomError} from './dicom-error.js';
import {type DicomAnswer, type DicomFacts, type DicomProcess, startDicomProcess} from './dicom-process.js';

/** `pixels` are `width * height` gray values in memory of their own; `notes` say what was done to get them. */
export type DicomImage = Readonly<{
  width: number;
  height: number;
  pixels: Uint8Array<ArrayBuffer>;
  notes: string;
}>;

export type DicomDecoder = Readonly<{
  /**
   * Gray values of a DICOM file as a person would be shown them (py/chexnet/stages/dicom/image.py says how). It waits
   * until a process is free.
   * @returns Or why not, as the end of a sentence that begins with the file's name.
   * @throws DicomError when no image can be decoded here, and the signal's reason.
   */
  decode(bytes: Uint8Array): Promise<Result<DicomImage, string>>;
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

/** Signals that a process gets from others, and not by what it does itself. */
const FROM_OUTSIDE: readonly (string | null)[] = ['SIGKILL', 'SIGTERM', 'SIGINT', 'SIGHUP'];

/** Nothing is started yet. */
export function openDicomDecoder(request: DicomRequest): DicomDecoder {
  const pool = new DicomPool(request);
  return {decode: (bytes) => pool.decode(bytes), close: () => pool.close()};
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

  constructor(request: DicomRequest) {
    this.#request = request;
    this.#free = Math.max(1, request.processes);
    request.signal.addEventListener('abort', this.#stop, {once: true});
  }

  async decode(bytes: Uint8Array): Promise<Result<DicomImage, string>> {
    await this.#turn();
    try {
      this.#refuseWhenOver();
      const decoder = this.#idle.pop() ?? (await this.#start());
      const answer = await decoder.ask(bytes, this.#request.limitMs ?? LIMIT_MS);
      if (answer.outcome === 'ended' || answer.outcome === 'too-slow') this.#all.delete(decoder);
      else this.#idle.push(decoder);
      return this.#resultOf(answer);
    } finally {
      this.#endTurn();
    }
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
    const problem = await starting.problem;
    // Told to stop, it has not started either; that is another reason.
    this.#request.signal.throwIfAborted();
    // Who waits for a process would only see it fail once more.
    if (problem !== null) this.#problem ??= new DicomError(problem);
    this.#refuseWhenOver();
    return starting.process;
  }

  #resultOf(answer: DicomAnswer): Result<DicomImage, string> {
    switch (answer.outcome) {
      case 'image': {
        const {width, height, pixels, facts} = answer;
        return ok({width, height, pixels, notes: describe(facts)});
      }
      case 'refused':
        return err(answer.reason);
      case 'too-slow':
        return err(`takes longer than ${(this.#request.limitMs ?? LIMIT_MS) / 1000} s to decode`);
      case 'ended':
        this.#refuseWhenOver();
        return err(endedBy(answer));
      default:
        return unreachable(answer);
    }
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

/** A decoder that dies of an image is that image's fault; one that is killed, for example for want of memory, is not. */
function endedBy({code, signal}: Extract<DicomAnswer, {outcome: 'ended'}>): string {
  if (!FROM_OUTSIDE.includes(signal)) {
    return `makes its decoder fail (${signal ?? `exit status ${code}`}): its pixels may be damaged`;
  }
  const message = 'a process that decodes DICOM files was ended from outside; is memory short?';
  const what = 'the DICOM decoder';
  throw new DicomError({reason: 'exited', what, code, signal, rank: null, message, tail: []});
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
