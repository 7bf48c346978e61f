import {listWords} from '../../pipeline/model/words.js';
import type {DataFacts, SourceFacts} from '../data-facts.js';
import {spelled} from '../numbers.js';

const KINDS = [
  {kind: 'folder', noun: 'folder', title: 'Folder'},
  {kind: 'archive', noun: 'archive', title: 'Archive'},
  {kind: 'download', noun: 'download', title: 'Download'},
  {kind: 'drawn', noun: 'the pipeline’s own drawing', title: 'Drawn'},
] as const;

/** `two folders and one archive`, as the end of "images from"; `tables only` where there is none. */
export function sourceWords({sources}: DataFacts): string {
  if (sources.length === 0) return 'tables only';
  return listWords(
    KINDS.flatMap(({kind, noun}) => {
      const count = sources.filter((source) => source.kind === kind).length;
      if (count === 0) return [];
      return [kind === 'drawn' ? noun : `${spelled(count)} ${noun}${count === 1 ? '' : 's'}`];
    }),
  );
}

/** `Folder`: as tables write it. */
export function sourceTitle(kind: SourceFacts['kind']): string {
  return KINDS.find((one) => one.kind === kind)!.title;
}

/** Whose images these are, without a full stop. */
export function originWords({origin}: DataFacts): string {
  switch (origin) {
    case 'synthetic':
      return 'Drawn by the pipeline';
    case 'chestxray14':
      return 'ChestX-ray14 of the NIH Clinical Center';
    case 'other':
      return 'Radiographs whose source is not recorded';
  }
}

/** Where the labels came from, without a full stop. @param count - Of the labels. */
export function referenceWords({origin}: DataFacts, count: number): string {
  switch (origin) {
    case 'synthetic':
      return `${count} labels, known because the findings were drawn`;
    case 'chestxray14':
      return `${count} labels read from radiology reports by text mining; no image was re-read for them`;
    case 'other':
      return `${count} labels as the tables give them; how they were made is not recorded`;
  }
}
