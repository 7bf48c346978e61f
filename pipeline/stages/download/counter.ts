import type {StageContext} from '../../model/stage-kind.js';
import {createPace} from '../pace.js';
import {expectedOf, hereOf, type Stocked} from './stock.js';

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
  const here = new Map(stock.map((item) => [item.file.name, hereOf(item)]));
  const sizes = stock.map(expectedOf);
  const total = sizes.includes(null) ? null : sizes.reduce<number>((all, bytes) => all + bytes!, 0);
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
