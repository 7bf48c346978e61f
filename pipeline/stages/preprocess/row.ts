/**
 * What became of one image. `row` is its place in the data set, `sha256` that of its file in the inventory. `passing`: the
 * file itself says nothing of the reason, so the next attempt looks at it again.
 */
export type RowOutcome = Readonly<{row: number; sha256: string}> &
  (
    | (Readonly<{outcome: 'done'; crc32: number} & Decoders> & RowFacts)
    | Readonly<{outcome: 'unreadable'; reason: string; passing?: true}>
  );

/** `decoders` that are not our own, with their versions: of DICOM images, unless they were taken over. */
type Decoders = {decoders?: string};

export type DoneRow = Extract<RowOutcome, {outcome: 'done'}>;

/** What index.csv says of a row beside its file. */
export type RowFacts = Readonly<{
  /** Of the source image. */
  width: number;
  height: number;
  mode: string;
  /** Of the resized pixels, to three decimals. */
  mean: number;
  /** See phash.ts. */
  phash: string;
  /** What had to be done with the source beyond decoding it; empty for most. */
  notes: string;
}>;

/** The image is not what it was when the data set was made: `how` ends a sentence that begins with its name. */
export type ChangedImage = Readonly<{row: number; outcome: 'changed'; how: string}>;
