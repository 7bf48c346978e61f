import {closeSync, fstatSync, ftruncateSync, rmSync, statSync, writeSync} from 'node:fs';
import type {Failure} from '../model/failure.js';
import {err, ok, type Result} from '../model/result.js';
import {takeKernelLock} from './kernel-lock.js';
import type {Layout} from './layout.js';
import {onDisk, onDiskAsync} from './on-disk.js';
import type {ProcessNote} from './processes.js';
import {readJson} from './read-json.js';
import {isProcessNote} from './shapes.js';
import {makeFolder} from './write-file.js';

/** Kernel locks, each with a note saying who holds it. Released by the kernel however the holder ends. */
export type Locks = Readonly<{
  /**
   * @param name - Any text, e.g. `stage-<digest>`. Taken twice by one process, the second waits for the first.
   * @returns Locked when somebody else holds it and `wait` is false, or when `signal` aborts the wait.
   */
  acquire(name: string, options: AcquireOptions): Promise<Result<Lock, Locked | Failure>>;
}>;

export type AcquireOptions = Readonly<{
  wait: boolean;
  /** Called once, before the wait begins. Null when the holder has not yet written its note. */
  onWait?(holder: ProcessNote | null): void;
  signal?: AbortSignal;
}>;

export type Lock = Readonly<{name: string; release(): void}>;
export type Locked = Readonly<{reason: 'locked'; name: string; holder: ProcessNote | null}>;

/** @param self - Written into the locks as their holder, with the time of taking. */
export function createLocks(layout: Layout, self: () => ProcessNote): Locks {
  async function acquire(name: string, options: AcquireOptions): Promise<Result<Lock, Locked | Failure>> {
    const path = layout.lock(name);
    const taken = await onDiskAsync(path, async () => {
      makeFolder(layout, layout.locks);
      return takeCurrent(path, options);
    });
    if (!taken.ok) return taken;
    if (!taken.value.ok) return taken.value;
    const descriptor = taken.value.value;
    if (descriptor === 'busy') return err({reason: 'locked', name, holder: readNote(path)});

    const written = onDisk(path, () => writeNote(descriptor, self()));
    if (!written.ok) {
      closeSync(descriptor);
      return written;
    }
    return ok({name, release: once(() => release(path, descriptor))});
  }

  return {acquire};
}

/** Locks are removed when released, so what we got may be a file that has no name any more: then try again. */
async function takeCurrent(path: string, options: AcquireOptions): Promise<Result<number | 'busy', Failure>> {
  const signal = options.signal ?? new AbortController().signal;
  for (let told = false; ; ) {
    let taken = await takeKernelLock({path, wait: false, signal});
    if (taken.ok && taken.value === 'busy' && options.wait && !signal.aborted) {
      if (!told) options.onWait?.(readNote(path));
      told = true;
      taken = await takeKernelLock({path, wait: true, signal});
    }
    if (!taken.ok || taken.value === 'busy') return taken;
    const held = fstatSync(taken.value).ino;
    if (statSync(path, {throwIfNoEntry: false})?.ino === held) return taken;
    closeSync(taken.value);
  }
}

/** The note is the content of the locked file: one file, and nobody but the holder writes it. */
function writeNote(descriptor: number, note: ProcessNote): void {
  ftruncateSync(descriptor);
  writeSync(descriptor, `${JSON.stringify(note)}\n`, 0);
}

function readNote(path: string): ProcessNote | null {
  try {
    return readJson(path, isProcessNote);
  } catch {
    // No lock, or its holder is between taking it and writing the note.
    return null;
  }
}

function release(path: string, descriptor: number): void {
  // Removed before it is let go: whoever waits then sees that the name is gone, and makes a new file.
  try {
    rmSync(path, {force: true});
  } catch {
    // The folder turned read-only: the next holder takes the file over as it is.
  } finally {
    closeSync(descriptor);
  }
}

function once(action: () => void): () => void {
  let done = false;
  return () => {
    if (!done) action();
    done = true;
  };
}
