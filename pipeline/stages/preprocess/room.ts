import {statfs} from 'node:fs/promises';
import type {Failure} from '../../model/failure.js';
import {countOf, formatBytes} from '../../model/words.js';

/** Of the journal and the lists, for one image; two or three times what they take. */
const LINE_BYTES = 1000;

/**
 * The file of pixels is made without taking its space, so a disk that is too small would only show hours later.
 * @returns Why the disk has no room for so many more rows, or null. Room that it cannot tell of is taken to be there.
 */
export async function refuseFullDisk(
  folder: string,
  {rows, size}: Readonly<{rows: number; size: number}>,
): Promise<Failure | null> {
  const needed = rows * (size * size + LINE_BYTES);
  const {bsize, blocks, bavail} = await statfs(folder);
  const free = bavail * bsize;
  // Some network file systems say that they have no blocks at all.
  if (blocks === 0 || free >= needed) return null;
  const images = `${countOf(rows, 'image')} at ${size}×${size} pixels`;
  return {
    reason: 'system',
    code: 'ENOSPC',
    path: folder,
    message: `${folder}: ${images} need ${formatBytes(needed)}, and ${formatBytes(free)} are free`,
    hint: 'free some space and run again, nothing is lost; to keep the state elsewhere, use --home or PIPELINE_HOME',
  };
}
