import {type Diagnostic, fault} from '../model/diagnostic.js';

const SHOWN = 20;

/** Faults of one file: the first twenty are kept, the others counted, so that a wholly wrong file stays readable. */
export type FaultList = Readonly<{
  /** A function is called only if the fault is shown: to locate it takes longer than to find it. */
  add(diagnostic: Diagnostic | (() => Diagnostic)): void;
  isEmpty(): boolean;
  /** At most twenty, and one more that says how many are left out. */
  all(): readonly Diagnostic[];
}>;

/** @param about - What the faults are in, for the last line: "and 31 more faults in `about`". */
export function createFaultList(about: string): FaultList {
  const kept: Diagnostic[] = [];
  let total = 0;
  return {
    add: (diagnostic) => {
      total++;
      if (kept.length < SHOWN) kept.push(typeof diagnostic === 'function' ? diagnostic() : diagnostic);
    },
    isEmpty: () => total === 0,
    all: () => {
      if (total <= SHOWN) return kept;
      const more = total - SHOWN;
      return [...kept, fault(`and ${more} more fault${more === 1 ? '' : 's'} in ${about}`, null)];
    },
  };
}
