import type {Finding, Fold} from '../pipeline/model/findings.js';

/** What both pages say of the data: the data card as its subject, the run report in its first section. */
export type DescribedData = Readonly<{
  data: DataFacts;
  content: ContentFacts;
  /** Null where nothing was divided. */
  split: SplitFacts | null;
  /** Null where nothing was decoded. */
  images: ImageFacts | null;
}>;

export type DataFacts = Readonly<{
  /** `synthetic`: made by the pipeline; `chestxray14`: the NIH data set or a part of it; `other`: anyone else's. */
  origin: 'synthetic' | 'chestxray14' | 'other';
  /** Rows of the metadata that the data set keeps; `atHand` of them have an image file. */
  images: number;
  atHand: number;
  patients: number;
  /** Where the images came from, with the number that was taken from each; none where there are tables only. */
  sources: readonly SourceFacts[];
  /** Images of the whole data set that these are of; null for data of another origin. */
  whole: number | null;
  /** Which release of the labels, and how that was found out; `known` is false where it could not be. */
  labels: Readonly<{state: string; known: boolean; because: string}>;
  /** How its publisher asks to be credited; null for data of another origin. */
  credit: Readonly<{name: string; link: string; cite: string; licence: string}> | null;
  /** Anything else that the data card tells: short name, short text. */
  remarks: readonly Readonly<{name: string; text: string}>[];
}>;

export type SourceFacts = Readonly<{
  kind: 'folder' | 'archive' | 'download' | 'drawn';
  name: string;
  images: number;
}>;

/** What the images show and whom, counted over all rows of the metadata. */
export type ContentFacts = Readonly<{
  /** In the order of FINDINGS. */
  findings: readonly FindingFacts[];
  noFinding: FindingFacts;
  /** Images with more than one finding. */
  several: number;
  /** Images that have both the finding of the row and that of the column; on the diagonal, images with it at all. */
  coOccurrence: readonly (readonly number[])[];
  people: PeopleFacts;
  perPatient: PerPatientFacts;
  boxes: Readonly<{boxes: number; images: number}>;
  /** Null where no pixels are at hand. */
  samples: SampleFacts | null;
}>;

/** Images with a finding and of whom; medians and shares are null when there is none. */
export type FindingFacts = Readonly<{
  images: number;
  /** Of them, those with no other finding. */
  alone: number;
  patients: number;
  femaleShare: number | null;
  apShare: number | null;
  medianAge: number | null;
}>;

export type PeopleFacts = Readonly<{
  /** Images by ten years of age, the youngest first; the last is open (`to` null). Bounds are inclusive. */
  ages: readonly (Readonly<{from: number; to: number | null}> & ByGroup)[];
  ageUnknown: number;
  /** In years; null when no age is known. */
  age: Readonly<{
    youngest: number;
    lowerQuartile: number;
    median: number;
    upperQuartile: number;
    oldest: number;
  }> | null;
  /** Images of each sex by view. */
  views: Readonly<Record<'female' | 'male', Readonly<{pa: number; ap: number}>>>;
}>;

/** Images. Both pairs have the same sum. */
export type ByGroup = Readonly<{female: number; male: number; pa: number; ap: number}>;

export type PerPatientFacts = Readonly<{
  median: number;
  most: number;
  /** Patients with `from` to `to` images (inclusive; null is open), and how many images they have together. */
  bins: readonly Readonly<{from: number; to: number | null; patients: number; images: number}>[];
  /** The patients with most images, a hundredth of all (at least one), and the share of all images that is theirs. */
  top: Readonly<{patients: number; share: number}>;
}>;

export type SampleFacts = Readonly<{
  seed: number;
  /** Pixels along each side of the pictures, and in the array that they were taken from. */
  side: number;
  size: number;
  /** Images that they were chosen among. */
  of: number;
  shown: readonly Sample[];
}>;

export type Sample = Readonly<{
  image: string;
  sex: 'M' | 'F';
  view: 'PA' | 'AP';
  age: number | null;
  findings: readonly Finding[];
  /** In shares of width and height, from the upper left corner. */
  boxes: readonly Readonly<{finding: Finding; x: number; y: number; width: number; height: number}>[];
  /** A PNG file in base 64. */
  png: string;
}>;

export type SplitFacts = Readonly<{
  /** `chexnet-lists` only for the published lists, whose results may stand beside published ones. */
  method: 'seeded' | 'chexnet-lists' | 'other';
  /** In words, for example "seeded, patients kept together, seed 1". */
  description: string;
  folds: readonly FoldFacts[];
  /** Rows of the divided tables that no fold holds. */
  rowsInNoFold: number;
  /** Images of the data set that no fold holds. */
  notInAFold: number;
  /** Cells of the published Table 1 (14 findings × 3 folds) that equal this split's; null for splits of another origin. */
  table1: Readonly<{equal: number | null; of: number; note: string}> | null;
  audit: readonly AuditFact[];
}>;

/**
 * A fold with all its rows, and what of it is in the data set: less where the folds were made of the tables of more
 * images than are at hand.
 */
export type FoldFacts = GroupFacts & Readonly<{fold: Fold; here: GroupFacts}>;

/** Images and of whom they are. */
export type GroupFacts = Readonly<{
  images: number;
  patients: number;
  /** Images with the finding, in the order of FINDINGS. */
  positives: readonly number[];
  noFinding: number;
  /** Null where the metadata do not say it for any image. */
  femaleShare: number | null;
  apShare: number | null;
  age: Readonly<{lowerQuartile: number; median: number; upperQuartile: number}> | null;
  imagesPerPatient: Readonly<{median: number; most: number}>;
}>;

export type AuditStatus = 'passed' | 'failed' | 'accepted' | 'noted' | 'not-checked';

/** One check against leakage: found `count` among `of`. `accepted` is a failure that the configuration accepts. */
export type AuditFact = Readonly<{
  /** For programs: `patient-overlap`. */
  name: string;
  /** For people: `Patients in more than one fold`. */
  title: string;
  status: AuditStatus;
  count: number;
  of: number;
  /** Without a full stop. */
  detail: string;
  examples: readonly string[];
  /** What was counted: `patients`. Null where the audit did not say it. */
  unit: string | null;
}>;

export type ImageFacts = Readonly<{
  /** In the array: square, this many pixels wide. */
  count: number;
  size: number;
  quarantined: number;
  /** The first few. */
  examples: readonly Readonly<{image: string; reason: string}>[];
}>;
