import {closeSync, fstatSync, openSync, readSync} from 'node:fs';
import {join} from 'node:path';
import type {ArtifactRef, StageContext} from '../../model/stage-kind.js';
import {countOf, formatCount} from '../../model/words.js';
import {createPace} from '../pace.js';
import {NPY_HEADER_BYTES} from '../preprocess/npy.js';
import {detailOf, likeness} from './detail.js';
import {type CheckOutcome, notChecked} from './document.js';
import {type Member, readHashes} from './members.js';
import {findNearPairs, type NearPair, parseHashes} from './near-duplicates.js';
import {isAcross, type Pair} from './pairs.js';
import {createTurns} from './turns.js';

const TITLE = 'Nearly equal images in more than one fold';

/** More pairs with nearly equal hashes than this are no sign of copies but of images that the hash cannot tell apart. */
const MOST_PAIRS = 200_000;

/** As measured with copies of 160 radiographs at 256 pixels, see docs/data.md. */
const UNSEEN =
  'mirrored, turned and inverted copies are not seen, nor many that are equalized, or cropped or shifted by over 1 % of a side';

/** An image of a fold, with its row in the array. */
type Compared = Readonly<{member: Member; row: number; sha256: string; phash: string}>;

/**
 * Images that look the same though their bytes differ: hashes that differ in few bits, then details that correlate, since
 * among thousands of millions of pairs some hashes of different people are near each other.
 * @returns The check, and the pairs that it found.
 */
export async function checkNearDuplicates(
  context: Pick<StageContext, 'report' | 'signal'>,
  facts: Readonly<{
    images: ArtifactRef | null;
    /** Whether one program drew the images: they are all alike. */
    synthetic: boolean;
    members: ReadonlyMap<string, Member>;
    bits: number;
    likeness: number;
  }>,
): Promise<Readonly<{check: CheckOutcome; pairs: readonly Pair[]}>> {
  const {images, synthetic, members, bits} = facts;
  const {signal} = context;
  const skip = (because: string) => ({check: notChecked('near-duplicates', TITLE, because), pairs: []});
  if (images === null) return skip('no preprocess stage gives the images');
  if (synthetic) return skip('the images are drawn by one program, so all of them are alike');
  const index = readHashes(images);
  const compared = index.flatMap(({image, sha256, phash}, row): readonly Compared[] => {
    const member = members.get(image);
    return member === undefined ? [] : [{member, row, sha256, phash}];
  });
  const hashes = parseHashes(compared.map(({phash}) => phash));
  const candidates = await findNearPairs(hashes, {bits, most: MOST_PAIRS, signal});
  if (candidates === null) return {check: tooManyPairs(bits, compared.length), pairs: []};
  // Files with the same bytes are another check's.
  const unequal = candidates.filter(({one, other}) => compared[one]!.sha256 !== compared[other]!.sha256);
  const file = join(images.path, 'images.npy');
  const pairs = await confirm(context, {
    file,
    rows: index.length,
    compared,
    candidates: unequal,
    least: facts.likeness,
  });
  return {check: describePairs(pairs, compared.length), pairs};
}

/** Images were at hand, so this is no check that could not be made: it fails until somebody has looked at it. */
function tooManyPairs(bits: number, of: number): CheckOutcome {
  const detail =
    `not compared: more than ${formatCount(MOST_PAIRS)} pairs have hashes that differ in ${bits} bits or less, ` +
    'so the images are too much alike for it; lower near_duplicate_bits';
  return {name: 'near-duplicates', title: TITLE, status: 'failed', count: 0, of, detail, examples: []};
}

async function confirm(
  context: Pick<StageContext, 'report' | 'signal'>,
  work: Readonly<{
    file: string;
    rows: number;
    compared: readonly Compared[];
    candidates: readonly NearPair[];
    least: number;
  }>,
): Promise<readonly Pair[]> {
  const {compared, candidates, least} = work;
  const wanted = [...new Set(candidates.flatMap(({one, other}) => [one, other]))].sort((a, b) => a - b);
  const details = await readDetails(context, {...work, wanted});
  const turns = createTurns(context.signal);
  const pairs: Pair[] = [];
  for (const {one, other, bits} of candidates) {
    if (turns.isOver()) await turns.next();
    const alike = likeness(details.get(one)!, details.get(other)!);
    if (alike < least) continue;
    const [first, second] = [compared[one]!.member, compared[other]!.member];
    pairs.push({kind: 'near-duplicate', one: first, other: second, bits, likeness: alike});
  }
  return pairs;
}

/** Reads single rows: a few among a hundred thousand, which lie far apart. */
async function readDetails(
  {report, signal}: Pick<StageContext, 'report' | 'signal'>,
  work: Readonly<{file: string; rows: number; compared: readonly Compared[]; wanted: readonly number[]}>,
): Promise<ReadonlyMap<number, Int8Array>> {
  const {file, rows, compared, wanted} = work;
  const turns = createTurns(signal);
  const pace = createPace({report, total: wanted.length, unit: 'images'});
  const source = openSync(file, 'r');
  try {
    const rowBytes = (fstatSync(source).size - NPY_HEADER_BYTES) / Math.max(1, rows);
    const pixels = Buffer.alloc(rowBytes);
    const details = new Map<number, Int8Array>();
    for (const place of wanted) {
      if (turns.isOver()) await turns.next();
      readSync(source, pixels, 0, rowBytes, NPY_HEADER_BYTES + compared[place]!.row * rowBytes);
      details.set(place, detailOf(pixels, Math.sqrt(rowBytes)));
      pace.advance(details.size);
    }
    pace.finish();
    return details;
  } finally {
    closeSync(source);
  }
}

function describePairs(pairs: readonly Pair[], compared: number): CheckOutcome {
  const across = pairs.filter(isAcross);
  const within = pairs.filter((pair) => !isAcross(pair));
  const ofOnePatient = within.filter(({one, other}) => one.patient === other.patient).length;
  return {
    name: 'near-duplicates',
    title: TITLE,
    status: across.length > 0 ? 'failed' : within.length > 0 ? 'noted' : 'passed',
    count: new Set(across.flatMap(({one, other}) => [one.image, other.image])).size,
    of: compared,
    detail:
      `${countOf(across.length, 'pair')} across folds, ${formatCount(within.length)} within one ` +
      `(${formatCount(ofOnePatient)} of one patient); ${UNSEEN}`,
    examples: across
      .slice(0, 5)
      .map(({one, other}) => `${one.image} in ${one.fold} ≈ ${other.image} in ${other.fold}`),
  };
}
