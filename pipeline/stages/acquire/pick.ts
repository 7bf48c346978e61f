import {type Diagnostic, fault} from '../../model/diagnostic.js';
import {err, ok, type Result} from '../../model/result.js';
import type {ImagePlace} from '../dataset.js';
import {createFaultList} from '../fault-list.js';
import type {Candidate, Contents} from './candidate.js';
import type {Source} from './sources.js';

/** One candidate for each image; `copies` are the others, equal byte for byte. */
export type Picked = Readonly<{images: ReadonlyMap<string, Candidate>; copies: readonly Candidate[]}>;

/**
 * Of an image that is there more than once the first one is used.
 * @param contents - In the order of the sources.
 * @returns A fault when the others differ from it: which one is meant cannot be known.
 */
export function pickImages(
  contents: readonly Contents[],
  sources: readonly Source[],
): Result<Picked, readonly Diagnostic[]> {
  const images = new Map<string, Candidate>();
  const copies: Candidate[] = [];
  const faults = createFaultList('the images');
  for (const candidate of contents.flatMap(({candidates}) => candidates)) {
    const first = images.get(candidate.image);
    if (first === undefined) images.set(candidate.image, candidate);
    else if (first.sha256 === candidate.sha256) copies.push(candidate);
    else faults.add(() => differ(first, candidate, sources));
  }
  return faults.isEmpty() ? ok({images, copies}) : err(faults.all());
}

function differ(first: Candidate, other: Candidate, sources: readonly Source[]): Diagnostic {
  const message = `${first.image} is there twice, and the two differ`;
  return fault(message, null, `${placeOf(first, sources)} and ${placeOf(other, sources)}: keep one of them`);
}

/** A place for people: `images/00000001_000.png`, `images_01.tar.gz:images/00000001_000.png`. */
export function placeOf({root, archive, path}: ImagePlace, sources: readonly Source[]): string {
  const within = archive === '' ? path : `${archive}:${path}`;
  const source = sources.find((each) => each.root === root);
  return sources.length < 2 || source === undefined || source.kind === 'archive'
    ? within
    : `${source.name}/${within}`;
}
