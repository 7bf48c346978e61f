import type {Failure} from '../../model/failure.js';
import {formatBytes} from '../../model/words.js';
import {isWebPage} from './content.js';
import type {Fault} from './fault.js';
import {follow} from './follow.js';
import type {Answer} from './http.js';
import {wholeNumber} from './judge.js';
import {freeBytes} from './place-file.js';
import type {WantedFile} from './places.js';
import {readState, type Shelf} from './shelf.js';
import type {TransferTools} from './transfer.js';

/**
 * The size of a file: as configured, as an earlier attempt learned it, or as the server says. Null when it does not say;
 * one that does not answer is not asked twice, and the fetch itself will tell why.
 */
export async function findBytes(
  file: WantedFile,
  tools: TransferTools & Readonly<{shelf: Shelf}>,
): Promise<number | null> {
  const state = await readState(tools.shelf);
  const known = file.bytes ?? (state?.is === 'part' ? (state.origin?.bytes ?? null) : null);
  if (known !== null) return known;
  const question = {url: file.url, signal: tools.signal};
  const head = await follow({...question, method: 'HEAD', headers: {}}, tools);
  if (!head.ok) return unknown(head.error, tools);
  const bytes = bytesIn(head.value, file);
  if (bytes !== null) return bytes;
  // Servers that refuse HEAD (signed addresses are often made for GET alone) say it with the first byte.
  const first = await follow({...question, method: 'GET', headers: {range: 'bytes=0-0'}}, tools);
  return first.ok ? bytesIn(first.value, file) : unknown(first.error, tools);
}

/** What costs time is said. What cannot be helped is said when the file itself is asked for. */
function unknown(fault: Fault, {onTrouble}: TransferTools): null {
  if (fault.is === 'passing') onTrouble(`its size is not known: ${fault.message}`);
  return null;
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
  const free = await freeBytes(folder);
  if (bytes <= free) return null;
  return {
    reason: 'system',
    code: 'ENOSPC',
    path: folder,
    message: `the download needs ${formatBytes(bytes)}, and ${formatBytes(free)} are free in ${folder}`,
    hint: 'free some space, or keep the state elsewhere: --home or PIPELINE_HOME; what is here already stays',
  };
}
