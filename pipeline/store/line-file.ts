import {closeSync, fdatasyncSync, ftruncateSync, openSync, writeSync} from 'node:fs';
import type {Failure} from '../model/failure.js';
import {systemFailure} from './on-disk.js';

/**
 * A file of lines that is only appended to: one write(2) a line, so that whoever is killed leaves whole lines and at
 * most one torn one at the end. When the disk is full, lines wait in memory, in order, and go out with a later one.
 */
export type LineFile = Readonly<{
  write(line: string): void;
  /** Why lines are waiting; null when all are written. */
  failure(): Failure | null;
  /** Makes what is written safe from a power cut, too. */
  sync(): void;
  close(): void;
}>;

/** @throws System errors, EEXIST among them: a journal has one writer, and it made the file. */
export function createLineFile(path: string): LineFile {
  const descriptor = openSync(path, 'ax', 0o644);
  const waiting: string[] = [];
  let bytesWritten = 0;
  let failure: Failure | null = null;

  function flush(): void {
    failure = null;
    while (waiting.length > 0) {
      const line = Buffer.from(waiting[0]!);
      try {
        if (writeSync(descriptor, line) < line.length) throw shortWrite(path);
      } catch (error) {
        failure = systemFailure(error, path);
        // What went out of this line would make the next one unreadable.
        ftruncateSync(descriptor, bytesWritten);
        return;
      }
      bytesWritten += line.length;
      waiting.shift();
    }
  }

  return {
    write(line) {
      waiting.push(`${line}\n`);
      flush();
    },
    failure: () => failure,
    sync() {
      try {
        fdatasyncSync(descriptor);
      } catch (error) {
        failure = systemFailure(error, path);
      }
    },
    close() {
      flush();
      closeSync(descriptor);
    },
  };
}

/** A write to a regular file falls short only when the disk is full; the write after it would say so. */
function shortWrite(path: string): Error {
  return Object.assign(new Error('no space left on device'), {
    code: 'ENOSPC',
    errno: -28,
    syscall: 'write',
    path,
  });
}
