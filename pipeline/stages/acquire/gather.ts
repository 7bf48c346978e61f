import {join} from 'node:path';
import type {Diagnostic} from '../../model/diagnostic.js';
import {ok, type Result} from '../../model/result.js';
import type {StageContext} from '../../model/stage-kind.js';
import {formatCount} from '../../model/words.js';
import {spelledOut, whyNoPath} from '../file-name.js';
import {createPace} from '../pace.js';
import {openArchiveJournal} from './archive-journal.js';
import {type Archive, readArchives} from './archived-images.js';
import type {Contents} from './candidate.js';
import {readPlainFiles, type SortedFiles, sortFiles} from './plain-files.js';
import {filesOf, type RowsByStem, type Source} from './sources.js';

/** Everything that the sources hold. `archives` and their contents stand in the same order. */
export type Gathered = Readonly<{
  /** In the order of the sources; of each its plain files first, then its archives. */
  contents: readonly Contents[];
  archives: readonly Readonly<{archive: Archive; contents: Contents}>[];
}>;

export type GatherRequest = Readonly<{
  sources: readonly Source[];
  rows: RowsByStem;
  /** Where the images of archives go; null when they stay where they are. */
  unpackTo: string | null;
}>;

/** Looks at every image of the sources that belongs to a row. */
export async function gather(
  context: StageContext,
  {sources, rows, unpackTo}: GatherRequest,
): Promise<Result<Gathered, readonly Diagnostic[]>> {
  const found = sources.map((source) => findIn(source, rows));
  const archives = found.flatMap((each) => each.archives);
  const plain = found.reduce((sum, {files}) => sum + files.images.length, 0);
  // How many images an archive holds is known when it has been read.
  const total = archives.length === 0 ? plain : null;
  const pace = createPace({report: context.report, total, unit: 'images'});
  let done = 0;
  const onImages = (count: number): void => {
    done += count;
    pace.advance(done);
  };
  const contents = new Map<Source, Contents>();
  for (const {source, files} of found) {
    const digests = source.kind === 'folder' ? context.digests(source.path) : new Map<string, string>();
    contents.set(source, await readPlainFiles({source, files, digests, signal: context.signal, onImages}));
  }
  const read = await readInto(context, {archives, rows, unpackTo, onImages});
  if (!read.ok) return read;
  pace.finish();
  const ofArchives = archives.map((archive, index) => ({archive, contents: read.value[index]!}));
  const inOrder = sources.flatMap((source) => [
    contents.get(source)!,
    ...ofArchives.filter(({archive}) => archive.root === source.root).map((each) => each.contents),
  ]);
  return ok({contents: inOrder, archives: ofArchives});
}

type Found = Readonly<{source: Source; files: SortedFiles; archives: readonly Archive[]}>;

function findIn(source: Source, rows: RowsByStem): Found {
  const {images, archives} = filesOf(source);
  const sorted = sortFiles(source, images, rows);
  const refused = archives.flatMap((name) => {
    const reason = whyNoPath(name);
    return reason === null ? [] : [{archive: '', path: spelledOut(name), reason}];
  });
  return {
    source,
    files: {...sorted, refused: [...sorted.refused, ...refused]},
    archives: archives.filter((name) => whyNoPath(name) === null).map((name) => archiveIn(source, name)),
  };
}

/** @param name - Relative to the source. */
function archiveIn({root, kind, path}: Source, name: string): Archive {
  return {root, archive: name, path: kind === 'archive' ? path : join(path, name)};
}

async function readInto(
  context: StageContext,
  request: Readonly<{
    archives: readonly Archive[];
    rows: RowsByStem;
    unpackTo: string | null;
    onImages(count: number): void;
  }>,
): ReturnType<typeof readArchives> {
  if (request.archives.length === 0) return ok([]);
  const journal = openArchiveJournal(context.resume);
  if (journal.images > 0) {
    const text = `${formatCount(journal.images)} ${journal.images === 1 ? 'image is' : 'images are'} known from an earlier attempt`;
    context.report({type: 'stage-note', level: 'info', text});
  }
  try {
    const {concurrency: parallel, signal} = context;
    return await readArchives({...request, journal, parallel, signal});
  } finally {
    journal.close();
  }
}
