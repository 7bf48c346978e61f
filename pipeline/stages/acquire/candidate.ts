import type {ImageFile, ImagePlace} from '../dataset.js';

/** A file or a member of an archive that may be the image of a row. */
export type Candidate = ImageFile &
  ImagePlace &
  Readonly<{
    interlaced: boolean;
    /** Why it is no image, as the end of a sentence that begins with its name; null when it looks like one. */
    unreadable: string | null;
  }>;

/** A file that is left out. `path` has nothing invisible in it; `archive` is empty for a plain file. */
export type Refused = Readonly<{archive: string; path: string; reason: string}>;

/** An image that belongs to no row of the metadata. */
export type Extra = ImagePlace;

/** What one source or archive holds, in its order. */
export type Contents = Readonly<{
  candidates: readonly Candidate[];
  extras: readonly Extra[];
  refused: readonly Refused[];
}>;
