import {type Diagnostic, fault} from '../model/diagnostic.js';
import {err, ok, type Result} from '../model/result.js';
import {didYouMean} from '../model/spelling.js';
import {type Environment, interpolate} from './interpolate.js';
import {entryAt, type Located, type LocatedEntry, type LocatedMap} from './located.js';
import {numberFault, plainScalar} from './scalar.js';
import {parseYaml} from './source.js';

/**
 * Applies one `-S path=value`. A path that begins with a stage's name goes on in that stage's parameters. A list, a
 * map or a quoted text is read as YAML, anything else as plain text. `folder` (absolute): relative paths start there.
 */
export function override(
  root: LocatedMap,
  request: {argument: string; topLevel: readonly string[]; folder: string; environment: Environment},
): Result<LocatedMap, readonly Diagnostic[]> {
  const {argument, folder, environment} = request;
  const fail = (message: string, hint?: string) => err([fault(`-S ${argument}: ${message}`, null, hint)]);
  const equals = argument.indexOf('=');
  if (equals === -1) return fail('there is no "="', 'write -S path=value, for example -S train.epochs=5');
  const written = argument.slice(0, equals).split('.');
  if (written.includes(''))
    return fail('the path is not complete', 'write -S path=value, for example -S train.epochs=5');
  const value = readValue(argument.slice(equals + 1), {argument, folder});
  if (!value.ok) return fail(value.error);
  const faults: Diagnostic[] = [];
  const filled = interpolate(value.value, {environment, workingFolder: folder, faults});
  if (faults.length > 0) return err(faults);
  const path = fullPath(root, written, request.topLevel);
  if (!path.ok) return fail(path.error.message, path.error.hint);
  const changed = replaceAt({key: null, value: root}, {path: path.value, value: filled});
  if (!changed.ok) return fail(changed.error);
  return changed.value.value.kind === 'map'
    ? ok(changed.value.value)
    : fail('it would replace the whole configuration');
}

/** @returns the value with its origin, or what is wrong with the text. */
function readValue(
  text: string,
  {argument, folder}: {argument: string; folder: string},
): Result<Located, string> {
  const origin = {kind: 'override', argument: `-S ${argument}`} as const;
  if (/^\s*[[{"']/.test(text)) {
    const parsed = parseYaml({file: '', folder, text});
    if (!parsed.ok) return err(parsed.error[0]!.message);
    return ok(withOrigin(parsed.value!, origin));
  }
  const value = plainScalar(text);
  const wrong = typeof value === 'number' ? numberFault(value) : null;
  return wrong === null
    ? ok({kind: 'scalar', value, text, plain: true, origin, folder})
    : err(`${wrong}, found ${text}`);
}

function withOrigin(node: Located, origin: Located['origin']): Located {
  if (node.kind === 'scalar') return {...node, origin};
  if (node.kind === 'list')
    return {...node, origin, items: node.items.map((item) => withOrigin(item, origin))};
  const entries = [...node.entries].map(
    ([name, entry]) => [name, {key: null, value: withOrigin(entry.value, origin)}] as const,
  );
  return {...node, origin, entries: new Map(entries)};
}

function fullPath(
  root: LocatedMap,
  written: readonly string[],
  topLevel: readonly string[],
): Result<readonly string[], {message: string; hint: string | undefined}> {
  const [first, second] = written as [string, string | undefined];
  const stages = entryAt(root, ['stages'])?.value;
  const ids = stages?.kind === 'map' ? [...stages.entries.keys()] : [];
  if (first === 'stages' && second !== undefined && !ids.includes(second)) {
    return err({message: `there is no stage "${second}"`, hint: didYouMean(second, ids)});
  }
  if (first === 'stages' && second === undefined) {
    return err({
      message: 'the stages are not replaced as a whole',
      hint: 'lay a file over the configuration: -c overlay.yaml',
    });
  }
  // A matrix names parameters by their whole paths.
  if (first === 'stages' && written[2] === 'matrix' && written.length > 3)
    return ok([...written.slice(0, 3), written.slice(3).join('.')]);
  if (topLevel.includes(first)) return ok(written);
  if (ids.includes(first)) {
    if (second === undefined) {
      return err({
        message: `"${first}" is a stage`,
        hint: `name one of its parameters: -S ${first}.parameter=value`,
      });
    }
    return ok(['stages', first, 'params', ...written.slice(1)]);
  }
  const message = `"${first}" is neither a stage nor a key of the configuration`;
  return err({message, hint: didYouMean(first, [...ids, ...topLevel])});
}

/** A value that is no map gives way to one when the path goes on through it. @returns what is wrong with the path. */
function replaceAt(
  entry: LocatedEntry,
  {path, value}: {path: readonly string[]; value: Located},
): Result<LocatedEntry, string> {
  const [step, ...rest] = path;
  if (step === undefined) return ok({key: entry.key, value});
  const node = entry.value;
  if (node.kind === 'list') {
    const index = /^\d+$/.test(step) ? Number(step) : -1;
    const item = node.items[index];
    if (item === undefined)
      return err(`"${step}" is no item of a list of ${node.items.length}, counted from 0`);
    const changed = replaceAt({key: null, value: item}, {path: rest, value});
    return changed.ok
      ? ok({key: entry.key, value: {...node, items: node.items.with(index, changed.value.value)}})
      : changed;
  }
  const map: LocatedMap =
    node.kind === 'map'
      ? node
      : {kind: 'map', entries: new Map(), origin: value.origin, folder: value.folder};
  const nothing: LocatedEntry = {key: null, value: {...map, entries: new Map(), origin: value.origin}};
  const changed = replaceAt(map.entries.get(step) ?? nothing, {path: rest, value});
  if (!changed.ok) return changed;
  return ok({key: entry.key, value: {...map, entries: new Map(map.entries).set(step, changed.value)}});
}
