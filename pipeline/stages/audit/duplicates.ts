import {countOf} from '../../model/words.js';
import {type CheckOutcome, notChecked} from './document.js';
import type {Member} from './members.js';
import type {Pair} from './pairs.js';

const TITLE = 'Equal files in more than one fold';

/**
 * Files with the same bytes, by the digests in the inventory.
 * @returns The check, and a pair of the first file with each other one of its group.
 */
export function checkDuplicates(
  files: readonly Readonly<{image: string; sha256: string}>[],
  members: ReadonlyMap<string, Member>,
): Readonly<{check: CheckOutcome; pairs: readonly Pair[]}> {
  if (files.length === 0) {
    return {check: notChecked('duplicate-images', TITLE, 'no image is at hand'), pairs: []};
  }
  const groups = new Map<string, Member[]>();
  let compared = 0;
  for (const {image, sha256} of files) {
    const member = members.get(image);
    if (member === undefined) continue;
    compared++;
    const group = groups.get(sha256);
    if (group === undefined) groups.set(sha256, [member]);
    else group.push(member);
  }
  const repeated = [...groups.values()].filter((group) => group.length > 1);
  const across = repeated.filter((group) => new Set(group.map(({fold}) => fold)).size > 1);
  const within = repeated.length - across.length;
  const check: CheckOutcome = {
    name: 'duplicate-images',
    title: TITLE,
    status: across.length > 0 ? 'failed' : within > 0 ? 'noted' : 'passed',
    count: across.flat().length,
    of: compared,
    detail: `${countOf(across.length, 'group')} of equal files across folds, ${within} within one`,
    examples: across
      .slice(0, 5)
      .map((group) => group.map(({image, fold}) => `${image} in ${fold}`).join(' = ')),
  };
  const pairs = repeated.flatMap(([first, ...others]) =>
    others.map((other): Pair => ({kind: 'duplicate', one: first!, other, bits: 0, likeness: 1})),
  );
  return {check, pairs};
}
