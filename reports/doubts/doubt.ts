/** `serious` may change the conclusion, `moderate` a digit that is printed, `minor` is on record. */
export type Severity = 'serious' | 'moderate' | 'minor';

/** A limit of the run, found by rule in its own records. */
export type Doubt = Readonly<{
  severity: Severity;
  /** For the first screen: a few words. */
  short: string;
  claim: string;
  consequence: string;
  evidence: string;
}>;
