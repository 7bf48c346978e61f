import {readFileSync} from 'node:fs';
import {unreachable} from '../../model/result.js';
import {runOnWorkers} from '../worker-pool.js';
import type {DicomDecoder} from './dicom.js';
import type {ChangedImage, RowOutcome} from './row.js';
import type {RowStore} from './row-store.js';
import {preprocessTasks, type Todo} from './tasks.js';
import type {PreprocessData, PreprocessTask} from './worker.js';

/** DICOM files that wait for each decoding process, the one that it works on included. */
const DICOM_PER_PROCESS = 2;

/**
 * Decodes and resizes images on threads and records each.
 * @returns The first image found that has changed since the data set was made, and then ends early: the rest would be in
 * vain.
 * @throws ArchiveError, DicomError, system errors, the signal's reason.
 */
export async function decodeAll(
  work: Readonly<{
    todo: readonly Todo[];
    store: RowStore;
    size: number;
    threads: number;
    /** Is closed in the end. Null when no image is a DICOM file. */
    decoder: DicomDecoder | null;
    signal: AbortSignal;
    onDone(): void;
  }>,
): Promise<ChangedImage | null> {
  const {todo, store, size, decoder} = work;
  const threads = Math.min(work.threads, todo.length);
  const stop = new AbortController();
  const signal = AbortSignal.any([work.signal, stop.signal]);
  let changed: ChangedImage | null = null;
  const settle = (outcome: RowOutcome | ChangedImage): void => {
    if (outcome.outcome === 'changed') {
      changed ??= outcome;
      stop.abort();
    } else {
      store.record([outcome]);
      work.onDone();
    }
  };
  const module = new WebAssembly.Module(readFileSync(new URL('kernel.wasm', import.meta.url)));
  const workerData: PreprocessData = {module, size, pixelFile: store.pixelFile};
  const dicom = decoder === null ? null : {decoder, inFlight: DICOM_PER_PROCESS * threads};
  const tasks = preprocessTasks({todo, dicom, signal, settle});
  try {
    await runOnWorkers<PreprocessTask, RowOutcome | ChangedImage>({
      script: new URL('worker.js', import.meta.url),
      workers: threads,
      workerData,
      tasks,
      moved: movedWith,
      onDone: settle,
      signal,
    });
  } catch (error) {
    if (changed === null) throw error;
  } finally {
    stop.abort();
    // Whoever waits for an image need not any more.
    await decoder?.close();
    await tasks.return();
  }
  return changed;
}

function movedWith(task: PreprocessTask): readonly ArrayBuffer[] {
  switch (task.from) {
    case 'file':
      return [];
    case 'content':
      return [task.content.buffer];
    case 'pixels':
      return [task.pixels.buffer];
    default:
      return unreachable(task);
  }
}
