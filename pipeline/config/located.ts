import type {Location} from '../model/diagnostic.js';
import type {Json} from '../model/json.js';
import type {Origin} from '../model/stage.js';

/** A value of the configuration that remembers where it was written. Everything before validation works on these. */
export type Located = Readonly<{
  origin: Exclude<Origin, {kind: 'default'}>;
  /** Absolute; a relative path written here starts from it. */
  folder: string;
}> &
  (
    | Readonly<{
        kind: 'scalar';
        value: Scalar;
        /** As written, without its quotes. */
        text: string;
        /** Written without quotes. */
        plain: boolean;
      }>
    | Readonly<{kind: 'list'; items: readonly Located[]}>
    | LocatedMap
  );

type Scalar = string | number | boolean | null;
/** A map of keys to values. */
export type LocatedMap = Readonly<{
  kind: 'map';
  entries: ReadonlyMap<string, LocatedEntry>;
  origin: Exclude<Origin, {kind: 'default'}>;
  folder: string;
}>;
/** One key of a map, and its value. */
export type LocatedEntry = Readonly<{
  /** Null for a key of a -S argument. */ key: Location | null;
  value: Located;
}>;

/** Steps from the root: keys of maps and indices of lists. */
export type Path = readonly PropertyKey[];

/** The value without its places. */
export function toJson(node: Located): Json {
  if (node.kind === 'scalar') return node.value;
  if (node.kind === 'list') return node.items.map(toJson);
  return Object.fromEntries([...node.entries].map(([key, entry]) => [key, toJson(entry.value)]));
}

/** @returns null when nothing is written there. */
export function entryAt(root: Located, path: Path): LocatedEntry | null {
  let entry: LocatedEntry = {key: null, value: root};
  for (const step of path) {
    const next: LocatedEntry | undefined = child(entry.value, step);
    if (next === undefined) return null;
    entry = next;
  }
  return entry;
}

function child(node: Located, step: PropertyKey): LocatedEntry | undefined {
  if (node.kind === 'map') return node.entries.get(String(step));
  const item = node.kind === 'list' ? node.items[Number(step)] : undefined;
  return item === undefined ? undefined : {key: null, value: item};
}

/** Maps merge key by key, in the order of the first; any other value replaces. */
export function merge(below: Located, above: Located): Located {
  if (below.kind !== 'map' || above.kind !== 'map') return above;
  const entries = new Map(below.entries);
  for (const [key, entry] of above.entries) {
    const earlier = entries.get(key);
    const both = earlier !== undefined && earlier.value.kind === 'map' && entry.value.kind === 'map';
    // A map stays where it was begun; whatever replaces a value stands where it was written.
    entries.set(key, both ? {key: earlier.key, value: merge(earlier.value, entry.value)} : entry);
  }
  return {...below, entries};
}

/** Where in a text the value stands; null when a -S argument gave it. */
export function locationOf(node: Located): Location | null {
  return node.origin.kind === 'override' ? null : node.origin.location;
}

/** The dotted path as people write it: `stages.train.params.lr`. */
export function dotted(path: Path): string {
  return path.map(String).join('.');
}
