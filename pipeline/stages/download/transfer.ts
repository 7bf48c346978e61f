import {err, ok, type Result} from '../../model/result.js';
import {formatBytes, formatCount} from '../../model/words.js';
import {contentFault, isWebPage, pageFault, SIGNATURE_BYTES} from './content.js';
import {type Fault, passing} from './fault.js';
import {follow, type Hosts} from './follow.js';
import type {Answer, HttpClient} from './http.js';
import {type Asked, judge, strongEtag} from './judge.js';
import type {Part} from './part.js';
import {shownUrl, type WantedFile} from './places.js';
import type {Origin} from './shelf.js';

export type TransferTools = Readonly<{
  http: HttpClient;
  hosts: Hosts;
  signal: AbortSignal;
  /** Something that costs time, in words that read on after the file's name. */
  onTrouble(text: string): void;
}>;

/** A file to fetch, and its size as found out before; null where nobody knows. */
export type SizedFile = WantedFile & Readonly<{expected: number | null}>;

/** Asks once for what is missing of a file and adds what comes, up to its end or to the first fault. */
export async function transfer(
  part: Part,
  file: SizedFile,
  tools: TransferTools,
): Promise<Result<null, Fault>> {
  return await askAndAdd(part.bytes() > 0 ? 'the rest' : 'all', {part, file, tools});
}

async function askAndAdd(
  what: 'the rest' | 'all',
  {part, file, tools}: Readonly<{part: Part; file: SizedFile; tools: TransferTools}>,
): Promise<Result<null, Fault>> {
  const {http, hosts, signal} = tools;
  const asked = what === 'all' ? ALL : whatToAsk(part, file);
  const headers = what === 'all' ? {} : rangeHeaders(part, file);
  const answered = await follow({method: 'GET', url: file.url, headers, signal}, {http, hosts});
  if (!answered.ok) return answered;
  const answer = answered.value;
  if (isWebPage(answer, file)) return err(await pageFault(answer, file));
  const verdict = judge(answer, asked, {file, nowMs: Date.now()});
  switch (verdict.do) {
    case 'give-up':
      answer.discard();
      return err(verdict.fault);
    case 'ask-for-all':
      answer.discard();
      tools.onTrouble(`${verdict.because}: begins again from the start`);
      // What is here stays until there is something to put in its place.
      return await askAndAdd('all', {part, file, tools});
    case 'append':
      return await addAll(answer, {part, file, total: verdict.total});
    case 'begin':
      if (verdict.because !== null) tools.onTrouble(`${verdict.because}: begins again from the start`);
      return await begin(answer, {part, file, total: verdict.total});
  }
}

const ALL: Asked = {offset: 0, etag: null, total: null};

function whatToAsk(part: Part, file: WantedFile): Asked {
  const origin = originOf(part, file);
  return {offset: part.bytes(), etag: origin?.etag ?? null, total: origin?.bytes ?? null};
}

/** Without a validator the bytes are asked for as well: if they do not belong together, the SHA-256 says so. */
function rangeHeaders(part: Part, file: WantedFile): Record<string, string> {
  const origin = originOf(part, file);
  const validator = origin?.etag ?? origin?.lastModified;
  return {range: `bytes=${part.bytes()}-`, ...(validator ? {'if-range': validator} : {})};
}

/** Of another server nothing that the last one said holds. */
function originOf(part: Part, file: WantedFile): Origin | null {
  const origin = part.origin();
  return origin?.url === shownUrl(file.url) ? origin : null;
}

type Receiving = Readonly<{part: Part; file: SizedFile; total: number | null}>;

/** What is here gives way only once the new bytes look like the file. */
async function begin(answer: Answer, receiving: Receiving): Promise<Result<null, Fault>> {
  const {part, file, total} = receiving;
  const first = await firstBytes(answer);
  if (!first.ok) return first;
  const unlike = contentFault(first.value, file);
  if (unlike !== null) {
    answer.discard();
    return err(unlike);
  }
  await part.begin({
    url: shownUrl(file.url),
    etag: strongEtag(answer),
    lastModified: answer.header('last-modified'),
    bytes: total,
  });
  return await addAll(answer, receiving, first.value);
}

/** As many as tell what sort of file it is, or all. */
async function firstBytes(answer: Answer): Promise<Result<Buffer, Fault>> {
  let bytes = Buffer.alloc(0);
  while (bytes.length < SIGNATURE_BYTES) {
    const piece = await answer.next();
    if (!piece.ok) return piece;
    if (piece.value === null) break;
    bytes = Buffer.concat([bytes, piece.value]);
  }
  return ok(bytes);
}

async function addAll(
  answer: Answer,
  {part, file, total}: Receiving,
  first: Buffer = Buffer.alloc(0),
): Promise<Result<null, Fault>> {
  const most = total ?? file.bytes;
  try {
    for (let piece: Buffer | null = first; piece !== null; ) {
      if (most !== null && part.bytes() + piece.length > most) return err(tooLong(file, most));
      await part.append(piece);
      const next = await answer.next();
      if (!next.ok) return next;
      piece = next.value;
    }
  } finally {
    answer.discard();
  }
  // A body without a length that is cut off ends like one that is whole: then what was found out before tells.
  const expected = most ?? file.expected;
  if (expected === null || part.bytes() >= expected) return ok(null);
  const message = `${file.url.host} sent ${formatBytes(part.bytes())} of ${formatBytes(expected)}`;
  return err(passing('ESHORT', message));
}

function tooLong(file: WantedFile, expected: number): Fault {
  const message = `${shownUrl(file.url)} sends more than the ${formatCount(expected)} bytes that it should have`;
  return {is: 'wrong', message, hint: 'is it another file? compare "files" and "urls" with their source'};
}
