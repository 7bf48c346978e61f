import {ok} from '../../model/result.js';
import {formatBytes} from '../../model/words.js';
import {readArchive} from '../archives/read-archive.js';
import type {InventoryRow} from '../dataset.js';
import type {DicomDecoder} from './dicom.js';
import {refuseFrame} from './frame.js';
import type {ChangedImage, RowOutcome} from './row.js';
import {readSource, unchanged} from './source-file.js';
import type {PreprocessTask} from './worker.js';

/** An image that is still to be looked at; `row` is its place in the data set. */
export type Todo = Readonly<{row: number; image: InventoryRow}>;

/** What an inventory calls DICOM files, and the index too. */
export const DICOM_MODE = 'DICOM';

/** No radiograph is near this size, and a file is in memory as a whole. */
const MAX_FILE_BYTES = 128e6;

type TaskRequest = Readonly<{
  todo: readonly Todo[];
  /** `inFlight` files are decoded at a time. Null when no image is a DICOM file. */
  dicom: Readonly<{decoder: DicomDecoder; inFlight: number}> | null;
  signal: AbortSignal;
  /** Told what became of images that no thread is needed for. */
  settle(outcome: RowOutcome | ChangedImage): void;
}>;

/**
 * What the threads have to do: plain files first, then archive by archive, each read once as a stream and only as far as
 * anything in it is wanted. DICOM files are decoded on the way.
 * @throws ArchiveError, system errors, the signal's reason.
 */
export async function* preprocessTasks(request: TaskRequest): AsyncGenerator<PreprocessTask, void, void> {
  const {dicom, settle} = request;
  const decoding = new Set<Promise<Decoding>>();
  async function* ended(): AsyncGenerator<PreprocessTask, void, void> {
    const {itself, result} = await Promise.race(decoding);
    decoding.delete(itself());
    if ('outcome' in result) settle(result);
    else yield result;
  }
  for await (const source of sources(request)) {
    const {image} = source.todo;
    if (image.mode !== DICOM_MODE) yield taskOf(source);
    else {
      const promise: Promise<Decoding> = decodeDicom(source, dicom!.decoder).then((result) => ({
        result,
        itself: () => promise,
      }));
      // Whoever waits for it is told; until then nobody may be.
      promise.catch(() => undefined);
      decoding.add(promise);
      if (decoding.size >= dicom!.inFlight) yield* ended();
    }
  }
  while (decoding.size > 0) yield* ended();
}

type Decoding = Readonly<{
  result: PreprocessTask | RowOutcome | ChangedImage;
  itself(): Promise<Decoding>;
}>;

/** `content` is null of a plain file, which whoever needs it reads. */
type Source = Readonly<{todo: Todo; content: Buffer | null}>;

async function* sources({todo, signal, settle}: TaskRequest): AsyncGenerator<Source, void, void> {
  const archives = new Map<string, Map<string, Todo>>();
  for (const item of todo) {
    const {source, sha256, bytes} = item.image;
    if (bytes > MAX_FILE_BYTES) {
      const reason = `is ${formatBytes(bytes)} large; more than ${formatBytes(MAX_FILE_BYTES)} are not read`;
      settle({row: item.row, sha256, outcome: 'unreadable', reason});
    } else if (source.kind === 'file') yield {todo: item, content: null};
    else {
      const wanted = archives.get(source.archive) ?? new Map<string, Todo>();
      archives.set(source.archive, wanted.set(source.member, item));
    }
  }
  for (const [archive, wanted] of archives) yield* members(archive, {wanted, signal, settle});
}

async function* members(
  archive: string,
  {wanted, signal, settle}: Pick<TaskRequest, 'signal' | 'settle'> & Readonly<{wanted: Map<string, Todo>}>,
): AsyncGenerator<Source, void, void> {
  const wants = (name: string, bytes: number): boolean => wanted.get(name)?.image.bytes === bytes;
  for await (const {name, bytes} of readArchive(archive, {signal, wants})) {
    const todo = wanted.get(name);
    if (todo === undefined) continue;
    wanted.delete(name);
    yield {todo, content: bytes};
    if (wanted.size === 0) return;
  }
  for (const {row} of wanted.values()) {
    settle({row, outcome: 'changed', how: `is no longer as it was in ${archive}`});
  }
}

function taskOf({todo: {row, image}, content}: Source): PreprocessTask {
  const {sha256, bytes, source} = image;
  if (content !== null) return {row, sha256, from: 'content', content: whole(content)};
  if (source.kind !== 'file') throw new Error('Internal error: a member of an archive has no content');
  return {row, sha256, from: 'file', path: source.path, bytes};
}

async function decodeDicom(
  {todo: {row, image}, content}: Source,
  decoder: DicomDecoder,
): Promise<PreprocessTask | RowOutcome | ChangedImage> {
  const {sha256, bytes, source} = image;
  const found = content === null && source.kind === 'file' ? readSource(source.path, bytes) : ok(content!);
  const file = found.ok ? unchanged(found.value, sha256) : found;
  if (!file.ok) return {row, outcome: 'changed', how: file.error};
  const decoded = await decoder.decode(file.value, image.image);
  if (!decoded.ok) return {row, sha256, outcome: 'unreadable', ...decoded.error};
  const {width, height, pixels, notes, decoders} = decoded.value;
  const frame = {width, height};
  const absurd = refuseFrame(frame);
  if (absurd !== null) return {row, sha256, outcome: 'unreadable', reason: absurd};
  return {row, sha256, from: 'pixels', pixels: whole(pixels), frame, mode: DICOM_MODE, notes, decoders};
}

/** A view of all of its memory, which can then be moved to a thread; copied where others have a part of it. */
function whole(bytes: Uint8Array): Uint8Array<ArrayBuffer> {
  const {buffer, byteLength} = bytes;
  if (buffer instanceof ArrayBuffer && buffer.byteLength === byteLength) return new Uint8Array(buffer);
  return new Uint8Array(bytes);
}
