import {FINDINGS, type Finding} from '../../model/findings.js';
import type {ImageRow} from '../dataset.js';
import {createRandom} from '../random.js';

/** An image that may be shown: the findings that a box shows are the ones to look at. */
export type Candidate = Readonly<{row: ImageRow; boxed: ReadonlySet<Finding>}>;

/** What an image is shown for; null is "no finding". */
type Subject = Finding | null;

/**
 * Chooses so that as many findings as possible are shown: the one that was shown least comes next, the rarest of these
 * first, in an image with a box around it, with few other findings, of a patient who was not shown. The same candidates,
 * count and seed give the same choice.
 * @returns In the order of the findings that they were chosen for.
 */
export function chooseSamples<T extends Candidate>(
  candidates: readonly T[],
  {count, seed}: Readonly<{count: number; seed: number}>,
): readonly T[] {
  const pool = createRandom(seed).shuffled(candidates);
  const subjects = subjectsOf(pool);
  const state: State<T> = {
    shown: new Map(subjects.map((subject) => [subject, 0])),
    chosen: new Map(),
    patients: new Set(),
  };
  const wanted = Math.min(count, pool.length);
  while (state.chosen.size < wanted) {
    const open = subjects.filter((subject) => state.shown.get(subject) === 0).length;
    const tight = wanted - state.chosen.size < open;
    const subject = leastShown(subjects, pool, state);
    const best = bestOf(pool, subject, {state, tight});
    state.chosen.set(best, subject);
    state.patients.add(best.row.patient);
    for (const one of subjectsOf([best])) state.shown.set(one, state.shown.get(one)! + 1);
  }
  const place = (subject: Subject): number =>
    subject === null ? FINDINGS.length : FINDINGS.indexOf(subject);
  return [...state.chosen].sort((a, b) => place(a[1]) - place(b[1])).map(([candidate]) => candidate);
}

type State<T> = {shown: Map<Subject, number>; chosen: Map<T, Subject>; patients: Set<string>};

/** All that are there, rarest first. */
function subjectsOf(candidates: readonly Candidate[]): readonly Subject[] {
  const counts = new Map<Subject, number>();
  for (const {row} of candidates)
    for (const subject of row.findings.length === 0 ? [null] : row.findings)
      counts.set(subject, (counts.get(subject) ?? 0) + 1);
  return [...counts].sort((a, b) => a[1] - b[1]).map(([subject]) => subject);
}

/** Of those with an image that is not chosen yet. */
function leastShown<T extends Candidate>(
  subjects: readonly Subject[],
  pool: readonly T[],
  {shown, chosen}: State<T>,
): Subject {
  const left = subjects.filter((subject) => pool.some((one) => !chosen.has(one) && shows(one, subject)));
  return left.reduce((least, subject) => (shown.get(subject)! < shown.get(least)! ? subject : least));
}

/** @param of - `tight`: fewer places are left than findings to show, so what shows several of them comes first. */
function bestOf<T extends Candidate>(
  pool: readonly T[],
  subject: Subject,
  {state, tight}: Readonly<{state: State<T>; tight: boolean}>,
): T {
  let [best, most]: [T | null, number] = [null, Number.NEGATIVE_INFINITY];
  for (const one of pool) {
    if (state.chosen.has(one) || !shows(one, subject)) continue;
    const fresh = one.row.findings.filter((finding) => state.shown.get(finding) === 0).length;
    const worth =
      (tight ? 1000 * fresh : 0) +
      (state.patients.has(one.row.patient) ? 0 : 100) +
      (subject !== null && one.boxed.has(subject) ? 50 : 0) -
      one.row.findings.length;
    if (worth > most) [best, most] = [one, worth];
  }
  if (best === null) throw new Error('Internal error: nothing is left to choose');
  return best;
}

function shows({row}: Candidate, subject: Subject): boolean {
  return subject === null ? row.findings.length === 0 : row.findings.includes(subject);
}
