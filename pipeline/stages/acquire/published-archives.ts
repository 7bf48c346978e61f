import {countOf, formatCount} from '../../model/words.js';
import type {Contents} from './candidate.js';
import {stemOf} from './image-kind.js';
import {nameOf} from './sources.js';

/** Of the twelve published archives: how many images, and the last one of them by name. */
const PUBLISHED: readonly Readonly<{images: number; last: string}>[] = [
  {images: 4999, last: '00001335_006'},
  {images: 10_000, last: '00003923_013'},
  {images: 10_000, last: '00006585_006'},
  {images: 10_000, last: '00009232_003'},
  {images: 10_000, last: '00011558_007'},
  {images: 10_000, last: '00013774_025'},
  {images: 10_000, last: '00016051_009'},
  {images: 10_000, last: '00018387_034'},
  {images: 10_000, last: '00020945_049'},
  {images: 10_000, last: '00024717_000'},
  {images: 10_000, last: '00028173_002'},
  {images: 7121, last: '00030805_000'},
];

/** @returns In what an archive with the name of a published one differs from it; null when in nothing that shows. */
export function unlikePublished(name: string, {candidates, extras}: Contents): string | null {
  const number = Number(/^images_0*(\d{1,2})\.(?:tar|tgz|tar\.gz)$/i.exec(name)?.[1] ?? 0);
  const published = PUBLISHED[number - 1];
  if (published === undefined) return null;
  const before = PUBLISHED[number - 2]?.last ?? '';
  const stems = [...candidates, ...extras].map(({path}) => stemOf(nameOf(path)));
  const strangers = stems.filter((stem) => stem <= before || stem > published.last).sort();
  if (strangers.length > 0) {
    const are = strangers.length === 1 ? 'is' : 'are';
    return `${name}: ${countOf(strangers.length, 'image')} that ${are} not in the published archive, the first ${strangers[0]}`;
  }
  if (stems.length === published.images) return null;
  return `${name}: ${formatCount(stems.length)} of the ${formatCount(published.images)} published images`;
}
