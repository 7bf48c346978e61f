import {formatBytes, formatCount} from '../../model/words.js';
import {type Fault, lasting, passing} from './fault.js';
import type {Answer} from './http.js';
import {shownUrl, type WantedFile} from './places.js';

/** What was asked for, and what is known of the file already. */
export type Asked = Readonly<{
  /** Bytes that are here; only the others were asked for. */
  offset: number;
  /** The strong ETag of those bytes. */
  etag: string | null;
  /** Size of the file as the server gave it before. */
  total: number | null;
}>;

/** What to do with an answer, by its head. */
export type Verdict =
  /** The whole file follows. `because`: why bytes that are here are fetched again. */
  | Readonly<{do: 'begin'; total: number | null; because: string | null}>
  /** What is missing follows. */
  | Readonly<{do: 'append'; total: number | null}>
  /** The answer is of no use: ask for the whole file. */
  | Readonly<{do: 'ask-for-all'; because: string}>
  | Readonly<{do: 'give-up'; fault: Fault}>;

type Head = Pick<Answer, 'url' | 'status' | 'header'>;

/** @param nowMs - Unix milliseconds. */
export function judge(
  head: Head,
  asked: Asked,
  {file, nowMs}: Readonly<{file: WantedFile; nowMs: number}>,
): Verdict {
  const {status} = head;
  if (status === 200) return judgeWhole(head, asked, file);
  if (status === 206 && asked.offset > 0) return judgeRange(head, asked, file);
  if (status === 416 && asked.offset > 0)
    return {do: 'ask-for-all', because: `the server has nothing after its first ${bytesOf(asked.offset)}`};
  return {do: 'give-up', fault: statusFault(head, file, nowMs)};
}

function judgeWhole(head: Head, {offset, etag}: Asked, file: WantedFile): Verdict {
  const total = wholeNumber(head.header('content-length'));
  const wrong = sizeFault(total, {head, file});
  if (wrong !== null) return {do: 'give-up', fault: wrong};
  if (offset === 0) return {do: 'begin', total, because: null};
  const now = strongEtag(head);
  // A server that could send the rest did not find it to be the rest of the same file.
  const changed = (etag !== null && now !== null && now !== etag) || head.header('accept-ranges') === 'bytes';
  const because = changed
    ? 'the file has changed on the server'
    : 'the server sends files only as a whole (no Range)';
  return {do: 'begin', total, because};
}

function judgeRange(head: Head, {offset, etag, total: before}: Asked, file: WantedFile): Verdict {
  const text = head.header('content-range') ?? '';
  const match = /^bytes (\d+)-(\d+)\/(\d+|\*)$/.exec(text);
  const first = Number(match?.[1]);
  const total = match?.[3] === '*' ? before : Number(match?.[3]);
  if (match === null || first !== offset) {
    const sent = match === null ? 'a part that it does not name' : `bytes from ${formatCount(first)} on`;
    const because = `the server sent ${sent} instead of bytes from ${formatCount(offset)} on`;
    return {do: 'ask-for-all', because};
  }
  const wrong = sizeFault(total, {head, file});
  if (wrong !== null) return {do: 'give-up', fault: wrong};
  const now = strongEtag(head);
  const changed = (before !== null && total !== before) || (etag !== null && now !== null && now !== etag);
  return changed ? {do: 'ask-for-all', because: 'the file has changed on the server'} : {do: 'append', total};
}

/** A weak one says that two files mean the same, not that their bytes are equal. */
export function strongEtag(head: Head): string | null {
  const etag = head.header('etag');
  return etag?.startsWith('"') ? etag : null;
}

export function wholeNumber(text: string | null): number | null {
  return text !== null && /^\d{1,15}$/.test(text) ? Number(text) : null;
}

function sizeFault(
  total: number | null,
  {head, file}: Readonly<{head: Head; file: WantedFile}>,
): Fault | null {
  if (file.bytes === null || total === null || total === file.bytes) return null;
  const message = `${shownUrl(file.url)} has ${bytesOf(total)}, where the configuration says ${bytesOf(file.bytes)}`;
  return lasting(
    `${message}${via(head, file)}`,
    'is it another file? compare "files" and "urls" with their source',
  );
}

/** @returns The exact number, and where it is a large one a rounded one as well. */
function bytesOf(bytes: number): string {
  return bytes < 1e6 ? `${formatCount(bytes)} bytes` : `${formatCount(bytes)} bytes (${formatBytes(bytes)})`;
}

const PASSING: ReadonlySet<number> = new Set([408, 425, 429]);
/** Nobody waits longer than this for one file without having been asked to. */
const LONGEST_RETRY_AFTER_MS = 600_000;

function statusFault(head: Head, file: WantedFile, nowMs: number): Fault {
  const {status} = head;
  const message = `${shownUrl(file.url)} answers ${status}${NAMES[status] ?? ''}${via(head, file)}`;
  const mend = HINTS[status] ?? 'look the address up again and change it in the stage\'s "urls"';
  if (!PASSING.has(status) && status < 500) return lasting(message, mend);
  const retryAfterMs = retryAfter(head.header('retry-after'), nowMs);
  if (retryAfterMs === null || retryAfterMs <= LONGEST_RETRY_AFTER_MS)
    return passing(String(status), message, {retryAfterMs});
  const minutes = Math.ceil(retryAfterMs / 60_000);
  return lasting(message, `the server asks to come back in ${formatCount(minutes)} minutes`, String(status));
}

function via({url}: Head, file: WantedFile): string {
  return url.host === file.url.host ? '' : ` (at ${url.host}, where it redirects to)`;
}

/** Seconds, or a date. */
function retryAfter(text: string | null, nowMs: number): number | null {
  if (text === null) return null;
  const seconds = wholeNumber(text);
  if (seconds !== null) return seconds * 1000;
  const date = Date.parse(text);
  return Number.isNaN(date) ? null : Math.max(0, date - nowMs);
}

const NAMES: Readonly<Record<number, string>> = {
  206: ' (a part of the file, where all of it was asked for)',
  401: ' (a name and a password are needed)',
  403: ' (forbidden)',
  404: ' (not found)',
  410: ' (gone)',
  429: ' (too many requests)',
  500: ' (the server failed)',
  502: ' (a server behind it failed)',
  503: ' (not available now)',
  504: ' (a server behind it did not answer)',
};

const HINTS: Readonly<Record<number, string>> = {
  401: `give them in the url: https://name:password@host/…, from the environment with \${env:NAME}`,
};
