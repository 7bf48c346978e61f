import {statfs} from 'node:fs/promises';
import type {Failure} from '../../model/failure.js';
import {formatBytes} from '../../model/words.js';
import {isWebPage} from './content.js';
import type {FetchTools} from './fetch-file.js';
import {follow} from './follow.js';
import type {Answer} from './http.js';
import {wholeNumber} from './judge.js';
import {expectedBytes} from './part.js';
import type {WantedFile} from './places.js';

/**
 * The size of a file: as configured, as an earlier attempt learned it, or as the server says. Null when it does not say,
 * or does not answer: the fetch itself will tell why.
 */
export async function findBytes(
  file: WantedFile,
  tools: Pick<FetchTools, 'http' | 'hosts' | 'signal' | 'shelf'>,
): Promise<number | null> {
  const known = file.bytes ?? (await expectedBytes(tools.shelf));
  if (known !== null) return known;
  const question = {url: file.url, signal: tools.signal};
  const head = await follow({...question, method: 'HEAD', headers: {}}, tools);
  const bytes = head.ok ? bytesIn(head.value, file) : null;
  if (bytes !== null) return bytes;
  // Servers that refuse HEAD (signed addresses are often made for GET alone) say it with the first byte.
  const first = await follow({...question, method: 'GET', headers: {range: 'bytes=0-0'}}, tools);
  return first.ok ? bytesIn(first.value, file) : null;
}

function bytesIn(answer: Answer, file: WantedFile): number | null {
  answer.discard();
  if (isWebPage(answer, file)) return null;
  if (answer.status === 206)
    return wholeNumber(/\/(\d+)$/.exec(answer.header('content-range') ?? '')?.[1] ?? null);
  return answer.status === 200 ? wholeNumber(answer.header('content-length')) : null;
}

/** @param folder - Absolute. @returns Why there is no room for so many more bytes in it; null when there is. */
export async function lackOfRoom(folder: string, bytes: number): Promise<Failure | null> {
  const {bavail, bsize, blocks} = await statfs(folder);
  const free = bavail * bsize;
  // Some network file systems do not tell.
  if (blocks === 0 || bytes <= free) return null;
  return {
    reason: 'system',
    code: 'ENOSPC',
    path: folder,
    message: `the download needs ${formatBytes(bytes)}, and ${formatBytes(free)} are free in ${folder}`,
    hint: 'free some space, or keep the state elsewhere: --home or PIPELINE_HOME; what is here already stays',
  };
}
