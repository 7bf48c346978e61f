import type {Fold} from '../../model/findings.js';
import {countOf} from '../../model/words.js';
import {type CheckOutcome, notChecked} from '../audit/document.js';
import type {FoldRow} from './overlap.js';

/** The last image of each of the publisher's twelve archives but the last one: they hold the images in order of name. */
export const LAST_IMAGES = [
  '00001335_006',
  '00003923_013',
  '00006585_006',
  '00009232_003',
  '00011558_007',
  '00013774_025',
  '00016051_009',
  '00018387_034',
  '00020945_049',
  '00024717_000',
  '00028173_002',
] as const;

const TITLE = 'Patients cut by the end of a published archive';

/** A patient with images in two neighbouring archives, and the folds of those images. */
type Cut = Readonly<{patient: string; last: string; before: ReadonlySet<Fold>; after: ReadonlySet<Fold>}>;

/**
 * Most archives end in the middle of a patient, so whoever makes folds of whole archives has patients in two of them.
 * @param known - Whether the images are those of ChestX-ray14.
 */
export function checkArchiveBoundaries(rows: readonly FoldRow[], known: boolean): CheckOutcome {
  if (!known) return notChecked('archive-boundary', TITLE, 'the images are not those of ChestX-ray14');
  const cuts = findCuts(rows);
  const along = cuts.filter(({before, after}) => [...before].every((fold) => !after.has(fold)));
  const failed = along.length > 0;
  const cut = `${countOf(cuts.length, 'patient')} on both sides of one of the ${LAST_IMAGES.length} boundaries`;
  return {
    name: 'archive-boundary',
    title: TITLE,
    status: failed ? 'failed' : cuts.length > 0 ? 'noted' : 'passed',
    count: failed ? along.length : cuts.length,
    of: LAST_IMAGES.length,
    detail: failed
      ? `folds end where archives do: ${along.length} of ${cut} in one fold before it and in another after it`
      : `${cut}, no fold ends there`,
    examples: (failed ? along : cuts).slice(0, 5).map(({patient, last}) => `${patient} after ${last}`),
  };
}

function findCuts(rows: readonly FoldRow[]): readonly Cut[] {
  const folds = new Map(
    LAST_IMAGES.map((last) => [last.slice(0, 8), {last, before: new Set<Fold>(), after: new Set<Fold>()}]),
  );
  const patients = new Map<string, string>();
  for (const {image, patient, fold} of rows) {
    const number = image.slice(0, 8);
    const boundary = folds.get(number);
    if (boundary === undefined) continue;
    patients.set(number, patient);
    const side = image.slice(0, boundary.last.length) <= boundary.last ? boundary.before : boundary.after;
    side.add(fold);
  }
  return [...folds].flatMap(([number, {last, before, after}]) =>
    before.size > 0 && after.size > 0 ? [{patient: patients.get(number)!, last, before, after}] : [],
  );
}
