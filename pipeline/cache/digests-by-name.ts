import type {Digest} from '../model/stage.js';
import {digestAt, rowOf, type StatTable} from '../store/stat-table.js';

type Visit = (digest: Digest, name: string, digests: ReadonlyMap<string, Digest>) => void;

/**
 * A table seen as a map from name to digest. A digest becomes text when it is asked for: a Map of 112,120 of them would
 * take 60 ms and 20 MB to make.
 */
export class DigestsByName implements ReadonlyMap<string, Digest> {
  readonly #table: StatTable;
  #next = 0;

  constructor(table: StatTable) {
    this.#table = table;
  }

  get size(): number {
    return this.#table.names.length;
  }

  get(name: string): Digest | undefined {
    const row = this.#rowOf(name);
    return row === -1 ? undefined : digestAt(this.#table, row);
  }

  has(name: string): boolean {
    return this.#rowOf(name) !== -1;
  }

  forEach(visit: Visit): void {
    for (const [name, digest] of this) visit(digest, name, this);
  }

  keys(): MapIterator<string> {
    return this.#table.names.values();
  }

  *values(): MapIterator<Digest> {
    for (const row of this.#table.names.keys()) yield digestAt(this.#table, row);
  }

  *entries(): MapIterator<[string, Digest]> {
    for (const [row, name] of this.#table.names.entries()) yield [name, digestAt(this.#table, row)];
  }

  [Symbol.iterator](): MapIterator<[string, Digest]> {
    return this.entries();
  }

  /** Whoever asks mostly goes through the names in order. */
  #rowOf(name: string): number {
    const row = this.#table.names[this.#next] === name ? this.#next : rowOf(this.#table, name);
    if (row !== -1) this.#next = row + 1;
    return row;
  }
}
