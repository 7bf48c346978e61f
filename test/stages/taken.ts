import assert from 'node:assert/strict';
import {createHash} from 'node:crypto';
import {readFileSync} from 'node:fs';
import type {ArtifactRef} from '../../pipeline/model/stage-kind.js';
import {readArchive} from '../../pipeline/stages/archives/read-archive.js';
import {readInventory} from '../../pipeline/stages/dataset.js';
import {dataEntry, entry} from './data.js';
import type {Bench, Finished} from './rig.js';

/** Writes metadata with a row for each name, of a patient each. @returns The file. */
export function metadataOf(bench: Bench, names: readonly string[]): string {
  return bench.write('entries.csv', dataEntry(names.map((name, index) => entry(name, index + 1))));
}

/** SHA-256 of the bytes of each image, read where the inventory says it is; it must be as the inventory says. */
export async function readImages(
  dataset: Finished,
  archives: ArtifactRef | null = null,
): Promise<Record<string, string>> {
  const images: Record<string, string> = {};
  for (const {image, sha256, source} of readInventory(dataset.artifact, archives)) {
    if (source.kind === 'file') images[image] = hash(readFileSync(source.path));
    else {
      const wants = (name: string): boolean => name === source.member;
      for await (const {bytes} of readArchive(source.archive, {
        signal: new AbortController().signal,
        wants,
      })) {
        images[image] = hash(bytes);
      }
    }
    assert.equal(images[image], sha256);
  }
  return images;
}

export const hash = (bytes: Uint8Array): string => createHash('sha256').update(bytes).digest('hex');
