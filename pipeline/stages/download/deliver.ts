import {rename, writeFile} from 'node:fs/promises';
import {join} from 'node:path';
import {toCsv} from '../csv.js';
import {type Link, placeFile} from './place-file.js';
import {ARCHIVE_LIST, type WantedFile} from './places.js';

type Delivery = Readonly<{
  shelf: string;
  out: string;
  onTrouble(text: string): void;
  /** As placeFile() takes it. */
  linkFile?: Link;
}>;

/**
 * Puts the finished files into the artifact. They stay on the shelf as well until the artifact is in its place; only a
 * disk without hard links and without room for two copies has to let go of them.
 */
export async function deliver(
  files: readonly (WantedFile & Readonly<{bytes: number}>)[],
  {shelf, out, onTrouble, linkFile}: Delivery,
): Promise<void> {
  const rows = files.map(({name, sha256, bytes}) => [name, sha256, bytes]);
  await writeFile(join(out, ARCHIVE_LIST), toCsv(['archive', 'sha256', 'bytes'], rows));
  for (const {name, bytes} of files) {
    const [from, to] = [join(shelf, name), join(out, name)];
    if (await placeFile({from, to, bytes}, linkFile)) continue;
    onTrouble(`${name}: ${NO_SECOND_COPY}`);
    await rename(from, to);
  }
}

const NO_SECOND_COPY =
  'this disk has no hard links and no room for a second copy: killed within the next minutes, it would be fetched again';
