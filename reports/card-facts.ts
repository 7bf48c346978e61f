import type {DescribedData} from './data-facts.js';

/**
 * Everything a data card says, as one JSON document; the page is a function of it alone. pipeline/stages/data-card-page
 * gathers it from artifacts. Shares are 0 to 1, digests lower-case SHA-256.
 */
export type DataCardFacts = DescribedData &
  Readonly<{
    schema: 'pipeline/data-card-facts/v1';
    title: string;
    intake: IntakeFacts;
    /** Labels against those that radiologists agreed on; null where these are not at hand. */
    adjudicated: AdjudicatedFacts | null;
    /** What the card was made from. */
    artifacts: readonly Readonly<{stage: string; uses: string; type: string; output: string}>[];
  }>;

/** What came in, and what was left out and why. */
export type IntakeFacts = Readonly<{
  /** Lists in the data set's folder. */
  missing: ListFacts;
  extra: ListFacts;
  unreadable: ListFacts;
  /** Not looked at because of what or where they are. */
  refused: ListFacts;
  /** Groups of files with equal bytes. */
  duplicates: ListFacts;
  /** Why else rows or files were dropped. */
  dropped: readonly Readonly<{reason: string; images: number}>[];
  /** What was odd about tables and archives, without a full stop. */
  warnings: readonly string[];
  files: FileFacts;
}>;

/** A list of files: its name, its length, its first entries in words. */
export type ListFacts = Readonly<{file: string; count: number; examples: readonly string[]}>;

export type FileFacts = Readonly<{
  bytes: number;
  /** Images by how their pixels are stored, commonest first: `L`, `RGBA`, `L16`, `P`, `DICOM`. */
  modes: readonly Readonly<{mode: string; images: number}>[];
  /** By size, commonest first; `others` are of sizes that are not listed. */
  sizes: readonly Readonly<{width: number; height: number; images: number}>[];
  others: number;
  notSquare: number;
  interlaced: number;
}>;

export type AdjudicatedFacts = Readonly<{
  images: number;
  labels: readonly Readonly<{
    /** `Nodule or mass` */
    label: string;
    /** The findings that stand for it. */
    findings: readonly string[];
    /** Images with the label here and there, here only, there only, nowhere. */
    both: number;
    onlyHere: number;
    onlyThere: number;
    neither: number;
  }>[];
}>;
