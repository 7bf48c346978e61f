/** A place in a text file. Lines and columns count from 1, columns in UTF-16 units; `file` is relative to the current folder where it lies inside it. */
export type Location = Readonly<{file: string; line: number; column: number; length: number}>;

/** Something wrong that the user can mend: what it is, where, and what to do. */
export type Diagnostic = Readonly<{
  severity: 'error' | 'warning';
  message: string;
  /** Null when no text was at fault, for example a missing command-line argument. */
  location: Location | null;
  /** What to do about it, or "did you mean …". */
  hint?: string;
  related?: readonly Readonly<{message: string; location: Location}>[];
}>;

export function fault(message: string, location: Location | null, hint?: string): Diagnostic {
  return {severity: 'error', message, location, ...(hint === undefined ? {} : {hint})};
}
