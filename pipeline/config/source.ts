import {
  Document,
  isAlias,
  isMap,
  isNode,
  isPair,
  isScalar,
  isSeq,
  LineCounter,
  type Node,
  type Pair,
  parseDocument,
  Scalar,
  visit,
} from 'yaml';
import {type Diagnostic, fault, type Location} from '../model/diagnostic.js';
import type {Json} from '../model/json.js';
import {err, ok, type Result} from '../model/result.js';
import type {Located, LocatedEntry} from './located.js';
import {numberFault} from './scalar.js';
import {explainSyntax} from './yaml-faults.js';

/** A text of YAML and how it is called. `file` as diagnostics name it, `folder` absolute. */
export type YamlText = Readonly<{file: string; folder: string; text: string}>;

/** More nodes than any configuration has: a few nested aliases can stand for billions. */
const MOST_NODES = 100_000;

/** @returns null for a text without a value (empty, or comments alone). All faults of the text at once. */
export function parseYaml(source: YamlText): Result<Located | null, readonly Diagnostic[]> {
  const lines = new LineCounter();
  // Duplicate keys are found below, where the first one is known too.
  const document = parseDocument(source.text, {lineCounter: lines, uniqueKeys: false, prettyErrors: false});
  const place = placeIn(source, lines);
  const broken = syntaxFaults(document, source.text, place);
  if (broken.length > 0) return err(broken);
  if (document.contents === null) return ok(null);
  const reader: Reader = {document, place, folder: source.folder, faults: [], aliases: [], nodes: 0};
  const root = locate(document.contents, reader, null);
  return reader.faults.length > 0 ? err(reader.faults) : ok(root);
}

type Place = (start: number, end: number) => Location;
type Reader = {
  readonly document: Document.Parsed;
  readonly place: Place;
  readonly folder: string;
  readonly faults: Diagnostic[];
  /** Aliases being followed, to notice one that holds itself. */
  readonly aliases: Node[];
  nodes: number;
};

/** Locations end with their first line: a caret cannot run over two. */
function placeIn({file, text}: YamlText, lines: LineCounter): Place {
  return (start, end) => {
    const {line, col: column} = lines.linePos(start);
    const firstLine = text.slice(start, Math.max(start, end)).split(/\r?\n/, 1)[0]!.trimEnd();
    return {file, line, column, length: Math.max(1, firstLine.length)};
  };
}

/**
 * One fault a line: a parser that stumbles once often stumbles again before it has found its feet. Behind a tab or
 * a wrong indentation everything seems to be indented wrongly, so tabs are told alone, and indentation once.
 */
function syntaxFaults(document: Document.Parsed, text: string, place: Place): Diagnostic[] {
  const all = [...document.errors, ...document.warnings].sort((a, b) => a.pos[0] - b.pos[0]);
  const tabs = all.filter(({code}) => code === 'TAB_AS_INDENT');
  const indentation = all.filter(({message}) => message.startsWith('All '));
  const byLine = new Map<number, Diagnostic>();
  for (const error of tabs.length > 0 ? tabs : all) {
    if (indentation.indexOf(error) > 0) continue;
    const {code, message, pos} = error;
    const unclosed = /quote$|end with/.test(message);
    const opened = unclosed ? openAt(document, pos[0]) : null;
    const words = explainSyntax({code, message, start: pos[0], end: pos[1], opened}, text);
    const location = place(words.start, words.end);
    if (!byLine.has(location.line)) byLine.set(location.line, fault(words.message, location, words.hint));
  }
  return [...byLine.values()].sort((a, b) => a.location!.line - b.location!.line);
}

/** Where the innermost quote, list or map begins that is still open at the offset. */
function openAt(document: Document.Parsed, offset: number): number | null {
  let opened: number | null = null;
  visit(document, {
    Node: (_, node) => {
      const bounded = isScalar(node) ? node.type?.startsWith('QUOTE') : !isAlias(node) && node.flow;
      if (bounded && node.range && node.range[0] < offset && node.range[2] >= offset) opened = node.range[0];
    },
  });
  return opened;
}

function locate(node: Node | null, reader: Reader, at: Location | null): Located {
  const location = at ?? nodeLocation(node, reader);
  const origin = {kind: 'file', location} as const;
  const {folder} = reader;
  const nothing: Located = {kind: 'scalar', value: null, text: '', plain: true, origin, folder};
  if (node === null) return nothing;
  if (++reader.nodes > MOST_NODES) {
    if (reader.nodes === MOST_NODES + 1) reader.faults.push(fault('aliases repeat too much', location));
    return nothing;
  }
  if (isAlias(node)) return followAlias(node, {reader, location, nothing});
  if (isSeq(node)) {
    return {
      kind: 'list',
      items: node.items.map((item) => locate(asNode(item), reader, null)),
      origin,
      folder,
    };
  }
  if (isMap(node)) return {kind: 'map', entries: locateEntries(node.items, reader), origin, folder};
  if (!isScalar(node)) throw new Error('Internal error: a YAML node of no known kind');
  const value = node.value as string | number | boolean | null;
  const wrong = typeof value === 'number' ? numberFault(value) : null;
  if (wrong !== null) reader.faults.push(fault(`${wrong}, found ${node.source}`, location));
  return {kind: 'scalar', value, text: node.source ?? '', plain: node.type === Scalar.PLAIN, origin, folder};
}

function followAlias(
  node: Node & {source: string; resolve(document: Document): Node | undefined},
  {reader, location, nothing}: {reader: Reader; location: Location; nothing: Located},
): Located {
  const target = node.resolve(reader.document);
  if (target === undefined || reader.aliases.includes(target)) {
    const why = target === undefined ? `nothing before it is marked &${node.source}` : 'it holds itself';
    reader.faults.push(fault(`*${node.source} stands for nothing: ${why}`, location));
    return nothing;
  }
  reader.aliases.push(target);
  const located = locate(target, reader, isScalar(target) ? location : null);
  reader.aliases.pop();
  return located;
}

function locateEntries(pairs: readonly Pair[], reader: Reader): ReadonlyMap<string, LocatedEntry> {
  const entries = new Map<string, LocatedEntry>();
  for (const pair of pairs) {
    const keyNode = asNode(pair.key);
    const key = nodeLocation(keyNode, reader);
    if (!isScalar(keyNode) || keyNode.value === null) {
      reader.faults.push(fault('a key must be a word', key));
      continue;
    }
    const name = String(keyNode.source ?? keyNode.value);
    const earlier = entries.get(name);
    if (earlier?.key) {
      const related = [{message: 'first written here', location: earlier.key}];
      reader.faults.push({...fault(`the key "${name}" is written twice`, key), related});
    }
    const value = asNode(pair.value);
    // A value that is not there has no place of its own: the key stands for it.
    entries.set(name, {key, value: locate(value, reader, hasText(value) ? null : key)});
  }
  return entries;
}

function hasText(node: Node | null): boolean {
  return node?.range !== undefined && node.range !== null && node.range[1] > node.range[0];
}

function nodeLocation(node: Node | null, {place}: Reader): Location {
  const [start, end] = node?.range ?? [0, 0];
  return place(start, end);
}

function asNode(value: unknown): Node | null {
  if (value === null || value === undefined) return null;
  if (isNode(value)) return value;
  throw new Error('Internal error: a YAML value that is no node');
}

/** YAML of a value. @param comment - What to write behind the value at a path; null for nothing. */
export function writeYaml(value: Json, comment: (path: readonly string[]) => string | null): string {
  const document = new Document(value);
  visit(document, {
    Scalar: (_, node) => {
      // 3e-4, not 0.0003: as learning rates are written.
      if (typeof node.value === 'number' && node.value !== 0 && Math.abs(node.value) < 1e-3)
        node.format = 'EXP';
    },
    Pair: (_, pair, parents) => {
      const keys = [...parents, pair].filter(isPair).map(({key}) => String(isScalar(key) ? key.value : key));
      const text = comment(keys);
      if (text === null) return;
      if (isScalar(pair.value)) pair.value.comment = ` ${text}`;
      else if (isScalar(pair.key)) pair.key.comment = ` ${text}`;
    },
  });
  return document.toString({lineWidth: 0});
}
