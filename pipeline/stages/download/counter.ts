import type {StageContext} from '../../model/stage-kind.js';
import {createPace} from '../pace.js';
import type {Shelf} from './part.js';
import type {WantedFile} from './places.js';

/** A file and how much of it is here before anything is fetched. */
export type Stocked = Readonly<{
  file: WantedFile;
  shelf: Shelf;
  isFinished: boolean;
  here: number;
  /** Its size; null while nobody knows. */
  expected: number | null;
}>;

/** Counts the bytes of all files and tells how far they are. */
export type Counter = Readonly<{
  /** A step back means that a file begins again. */
  set(name: string, bytes: number): void;
  bytesOf(name: string): number;
  /** Bytes that came now, those that were thrown away among them. */
  fetched(): number;
  finish(): void;
}>;

export function openCounter(report: StageContext['report'], stock: readonly Stocked[]): Counter {
  const here = new Map(stock.map((item) => [item.file.name, item.here]));
  const isKnown = stock.every(({expected}) => expected !== null);
  const total = isKnown ? stock.reduce((sum, {expected}) => sum + expected!, 0) : null;
  const pace = createPace({report, total, unit: 'bytes'});
  let fetched = 0;
  const sum = (): number => [...here.values()].reduce((all, bytes) => all + bytes, 0);
  pace.advance(sum());
  return {
    set: (name, bytes) => {
      fetched += Math.max(0, bytes - here.get(name)!);
      here.set(name, bytes);
      pace.advance(sum());
    },
    bytesOf: (name) => here.get(name)!,
    fetched: () => fetched,
    finish: pace.finish,
  };
}
