import {type Fault, lasting} from './fault.js';
import type {Answer} from './http.js';
import {shownUrl, type WantedFile} from './places.js';

/** How many bytes tell what sort of file it is. */
export const SIGNATURE_BYTES = 2;

const PAGE_START_BYTES = 4096;
const LONGEST_TITLE = 80;
const LOOK = 'open the address in a browser: does this network, or the server, want a login first?';

/** A page for people where a file was asked for: a login of the network, or an error told politely. */
export function isWebPage(answer: Pick<Answer, 'status' | 'header'>, {name}: WantedFile): boolean {
  const isGiven = answer.status === 200 || answer.status === 206;
  return isGiven && isHtml(answer.header('content-type')) && !/\.x?html?$/i.test(name);
}

function isHtml(contentType: string | null): boolean {
  return /^\s*(?:text\/html|application\/xhtml\+xml)\b/i.test(contentType ?? '');
}

/** Its title says more than anything else about it. */
export async function pageFault(answer: Answer, file: WantedFile): Promise<Fault> {
  const title = titleIn(await startOf(answer));
  const from = answer.url.host === file.url.host ? '' : ` (at ${answer.url.host}, where it redirects to)`;
  const told = title === null ? '' : `, "${title}"`;
  return lasting(`${shownUrl(file.url)} answers with a web page${told}, not with the file${from}`, LOOK);
}

async function startOf(answer: Answer): Promise<string> {
  let text = '';
  while (text.length < PAGE_START_BYTES) {
    const piece = await answer.next();
    if (!piece.ok || piece.value === null) break;
    text += piece.value.toString('latin1');
  }
  answer.discard();
  return text;
}

function titleIn(page: string): string | null {
  const text = /<title[^>]*>([^<]*)/i.exec(page)?.[1];
  const words =
    text === undefined ? '' : Buffer.from(text, 'latin1').toString('utf8').replace(/\s+/g, ' ').trim();
  if (words === '') return null;
  return words.length > LONGEST_TITLE ? `${words.slice(0, LONGEST_TITLE)}…` : words;
}

/**
 * A page that does not say so, or anything else that is no gzip file where the name promises one.
 * @param first - At least SIGNATURE_BYTES, unless the file is shorter.
 */
export function contentFault(first: Buffer, file: WantedFile): Fault | null {
  if (!/\.t?gz$/i.test(file.name) || (first[0] === 0x1f && first[1] === 0x8b)) return null;
  const start = first.subarray(0, PAGE_START_BYTES).toString('latin1');
  if (/^\s*<(?:!doctype html|html|head)\b/i.test(start)) {
    const title = titleIn(start);
    const told = title === null ? '' : `, "${title}"`;
    return lasting(`${shownUrl(file.url)} answers with a web page${told}, not with the file`, LOOK);
  }
  const message = `${shownUrl(file.url)} is no gzip file: it begins with ${begins(first)}`;
  return lasting(message, 'is it another file? compare "files" and "urls" with their source');
}

function begins(first: Buffer): string {
  if (first.length === 0) return 'nothing';
  const text = first.toString('latin1', 0, 24);
  return /^[\x20-\x7e]+$/.test(text) ? JSON.stringify(text) : `the bytes ${first.toString('hex', 0, 4)}`;
}
