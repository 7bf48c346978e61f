import type {StageId} from './identity.js';
import {didYouMean, nearest} from './spelling.js';
import {formatNumber} from './words.js';

/** What a matrix can give a parameter. */
export type MatrixValue = string | number | boolean | null;

/** One of the stages that a matrix makes of one: of which, and what tells it from the others, by parameter in order. */
export type StageMember = Readonly<{of: StageId; values: Readonly<Record<string, MatrixValue>>}>;

/** `train[optimizer.lr=0.001,seed=1]`: values in the order of their paths, so that nothing else decides the name. */
export function memberId(of: string, values: Readonly<Record<string, MatrixValue>>): StageId {
  const pairs = sortedByPath(values).map(([path, value]) => `${path}=${valueText(value)}`);
  return `${of}[${pairs.join(',')}]` as StageId;
}

/** The values in the order of their paths. */
export function sortedByPath<Value>(values: Readonly<Record<string, Value>>): readonly [string, Value][] {
  return Object.entries(values).sort(([left], [right]) => (left < right ? -1 : 1));
}

/** As a member's name has it: no two values have the same text. */
export function valueText(value: MatrixValue): string {
  if (typeof value === 'number') return formatNumber(value);
  if (typeof value !== 'string') return String(value);
  return BARE.test(value) && !RESERVED.test(value) ? value : quoted(value);
}

/** What is invisible, or turns the direction of writing, stands as its number. */
function quoted(value: string): string {
  return JSON.stringify(value).replace(/[\p{C}\p{Zl}\p{Zp}]/gu, (sign) =>
    [...Array(sign.length).keys()]
      .map((unit) => `\\u${sign.charCodeAt(unit).toString(16).padStart(4, '0')}`)
      .join(''),
  );
}

/** Text that needs no quotes: it is neither a number nor does it hold what a name is made of. */
const BARE = /^(?:\.{0,2}\/|~\/|[A-Za-z_])[A-Za-z0-9_./~:-]*$/;
const RESERVED = /^(?:true|false|null)$/;

/** A name as somebody wrote it: the stage, and of the values as many as were written, as texts. */
type WrittenName = Readonly<{of: string; values: ReadonlyMap<string, string>}>;

/** @returns null for text that is no member's name. Numbers may be written in any way, values in any order. */
export function parseMember(name: string): WrittenName | null {
  const match = /^([^[\]]+)\[(.*)\]$/s.exec(name.trim());
  if (match === null) return null;
  const [, of, list] = match as unknown as [string, string, string];
  const values = new Map<string, string>();
  let next = 0;
  for (const [pair, path, text] of list.matchAll(PAIR)) {
    values.set(path!, canonicalText(text!));
    next += pair.length;
  }
  return next === list.length && values.size > 0 ? {of, values} : null;
}

const PAIR = /\s*([^=,\s]+)\s*=\s*("(?:[^"\\]|\\.)*"|[^,"]*?)\s*(?:,|$)/gy;

function canonicalText(text: string): string {
  const number = /^[-+]?(?:\.[0-9]+|[0-9]+(?:\.[0-9]*)?)(?:[eE][-+]?[0-9]+)?$/.test(text);
  return number ? formatNumber(Number(text)) : text;
}

/** The stage that a matrix made this one of, or the stage itself. */
export function baseOf(id: string): string {
  return parseMember(id)?.of ?? id;
}

/**
 * The stages that a name means: the one that is called so; all members of the stage that is; all members with the values
 * that stand in the name. None when there is no such stage.
 */
export function stagesNamed<Id extends string>(name: string, ids: Iterable<Id>): readonly Id[] {
  const known = [...ids];
  const exact = known.find((id) => id === name);
  if (exact !== undefined) return [exact];
  const wanted = parseMember(name);
  return known.filter((id) => {
    const member = parseMember(id);
    if (member === null) return false;
    if (wanted === null) return member.of === name;
    return (
      member.of === wanted.of && [...wanted.values].every(([path, text]) => member.values.get(path) === text)
    );
  });
}

/** Whether two stages may be of one line of members: what both vary has the same value. */
export function agree(one: string, other: string): boolean {
  const values = parseMember(other)?.values;
  return [...(parseMember(one)?.values ?? [])].every(([path, text]) => (values?.get(path) ?? text) === text);
}

/** A hint for a name that means no stage. A matrix of hundreds is not recited. */
export function meantStage(name: string, ids: Iterable<string>): string | undefined {
  const known = [...ids];
  const bases = [...new Set(known.map(baseOf))];
  const wanted = parseMember(name);
  const members = known.filter((id) => id !== baseOf(id) && baseOf(id) === wanted?.of);
  const likely = nearest(name, [...members, ...bases]) ?? nearest(wanted?.of ?? name, bases);
  if (likely !== null && likely !== wanted?.of) return `did you mean "${likely}"?`;
  const [first] = members;
  if (first !== undefined) return `its members are called ${first} and so on`;
  return likely === null ? didYouMean(name, bases) : `"${likely}" has no members`;
}
