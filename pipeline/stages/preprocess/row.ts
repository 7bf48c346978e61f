/** What became of one image. `row` is its place in the metadata, `sha256` that of its file in the inventory. */
export type RowOutcome = Readonly<{row: number; sha256: string}> &
  (
    | Readonly<{
        outcome: 'done';
        /** Of the source image. */
        width: number;
        height: number;
        mode: string;
        /** Of the resized pixels. */
        mean: number;
        crc32: number;
      }>
    | Readonly<{outcome: 'unreadable'; reason: string}>
    /** The file is not what it was when the data set was made. */
    | Readonly<{outcome: 'changed'; how: string}>
  );
