import type * as z from 'zod';
import {type Diagnostic, fault, type Location} from '../model/diagnostic.js';
import {didYouMean, nearest} from '../model/spelling.js';
import {listWords} from '../model/words.js';
import {branchesOf, expectedBy, explainValue, type Issue, mismatch, missesShape} from './issue.js';
import {dotted, entryAt, type Located, locationOf, type Path, toJson} from './located.js';
import {isOurs, readNote, writeNote} from './note.js';

/**
 * Parses part of a configuration and turns what is wrong into diagnostics at the exact key or value.
 * @param where.at - The path of that part below `root`.
 */
export function check<Schema extends z.ZodType>(
  schema: Schema,
  {root, at}: {root: Located; at: Path},
): {readonly value: z.output<Schema> | null; readonly faults: readonly Diagnostic[]} {
  const written = entryAt(root, at);
  if (written === null) throw new Error(`Internal error: nothing at ${dotted(at)}`);
  const parsed = schema.safeParse(toJson(written.value), {error: writeNote});
  if (parsed.success) return {value: parsed.data, faults: []};
  const issues = withoutMisspelt(parsed.error.issues, {root, at});
  return {value: null, faults: issues.flatMap((issue) => explain(issue, {root, at}))};
}

/** A key that is missing because it is misspelt is told once: as the unknown key with its "did you mean". */
function withoutMisspelt(issues: readonly Issue[], {root, at}: Where): readonly Issue[] {
  const meant = issues.flatMap((issue) =>
    issue.code === 'unrecognized_keys'
      ? issue.keys.map((key) => dotted([...issue.path, nearest(key, readNote(issue).keys) ?? key]))
      : [],
  );
  const isMissing = (issue: Issue) => entryAt(root, [...at, ...issue.path]) === null;
  return issues.filter((issue) => !meant.includes(dotted(issue.path)) || !isMissing(issue));
}

type Where = Readonly<{root: Located; at: Path}>;

function explain(issue: Issue, where: Where): readonly Diagnostic[] {
  const path = [...where.at, ...issue.path];
  const spot = spotAt(where.root, path);
  if (issue.code === 'unrecognized_keys') return unknownKeys(issue, {root: where.root, path});
  if (issue.code === 'invalid_key') {
    const [inner] = issue.issues;
    const message = inner === undefined || isOurs(inner) ? 'this cannot be a key' : inner.message;
    return [complaint({...spot, location: spot.key}, `"${String(path.at(-1))}": ${message}`)];
  }
  if (spot.node === null) return [missingKey(issue, {spot, path})];
  if (issue.code === 'invalid_union') return explainUnion(issue, {root: where.root, path, node: spot.node});
  const {message, hint} = explainValue(issue, spot.node);
  return [complaint(spot, path.length === 0 ? message : `${dotted(path)}: ${message}`, hint)];
}

type Spot = Readonly<{
  node: Located | null;
  location: Location | null;
  key: Location | null;
  /** The -S argument that is at fault, if one is. */
  argument: string | null;
}>;

/** The value at a path, or what encloses the place where it is missing. */
function spotAt(root: Located, path: Path): Spot {
  const entry = entryAt(root, path);
  if (entry !== null) {
    const {origin} = entry.value;
    const argument = origin.kind === 'override' ? origin.argument : null;
    const location = locationOf(entry.value);
    return {node: entry.value, location, key: entry.key ?? location, argument};
  }
  const parent = spotAt(root, path.slice(0, -1));
  // The file as a whole has no key: its first character stands for it.
  const start = path.length === 1 && parent.location !== null ? {...parent.location, length: 1} : parent.key;
  return {node: null, location: start, key: start, argument: parent.argument};
}

function complaint(
  {location, argument}: Pick<Spot, 'location' | 'argument'>,
  message: string,
  hint?: string,
): Diagnostic {
  return argument === null ? fault(message, location, hint) : fault(`${argument}: ${message}`, null, hint);
}

function unknownKeys(
  issue: Extract<Issue, {code: 'unrecognized_keys'}>,
  {root, path}: {root: Located; path: Path},
): readonly Diagnostic[] {
  const {keys} = readNote(issue);
  return issue.keys.map((key) => {
    const spot = spotAt(root, [...path, key]);
    const place = path.length === 0 ? 'the configuration' : dotted(path);
    return complaint(
      {...spot, location: spot.key},
      `unknown key "${key}" in ${place}`,
      didYouMean(key, keys),
    );
  });
}

function missingKey(issue: Issue, {spot, path}: {spot: Spot; path: Path}): Diagnostic {
  const place = path.length === 1 ? 'the configuration' : dotted(path.slice(0, -1));
  const expected = expectedBy(issue);
  const hint = expected.length === 0 ? undefined : `it is ${listWords(expected, 'or')}`;
  return complaint(spot, `missing key "${String(path.at(-1))}" in ${place}`, hint);
}

/** A value that fits one branch but for its details is told those; otherwise it is told what the branches are. */
function explainUnion(
  issue: Extract<Issue, {code: 'invalid_union'}>,
  {root, path, node}: {root: Located; path: Path; node: Located},
): readonly Diagnostic[] {
  const near = branchesOf(issue)
    .filter((issues) => !issues.some(missesShape))
    .map((issues) => withoutMisspelt(issues, {root, at: path}))
    .sort((a, b) => a.length - b.length)
    .at(0);
  if (near !== undefined) return near.flatMap((one) => explain(one, {root, at: path}));
  const {message, hint} = mismatch(issue, node);
  return [complaint(spotAt(root, path), `${dotted(path)}: ${message}`, hint)];
}
