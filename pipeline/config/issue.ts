import type * as z from 'zod';
import {didYouMean} from '../model/spelling.js';
import {formatNumber, listWords} from '../model/words.js';
import type {Located} from './located.js';
import {isOurs, readNote} from './note.js';
import {NO_SPACE} from './yaml-faults.js';

/** What zod says is wrong. */
export type Issue = z.core.$ZodIssue;
type Words = {readonly message: string; readonly hint?: string | undefined};

/** What is wrong with a value, in words. */
export function explainValue(issue: Issue, node: Located): Words {
  if (!isOurs(issue)) {
    return {message: node.kind === 'scalar' ? `${issue.message}, found ${describe(node)}` : issue.message};
  }
  switch (issue.code) {
    case 'invalid_type':
    case 'invalid_value':
      return mismatch(issue, node);
    case 'too_small':
    case 'too_big':
      return {message: `${limit(issue)}, found ${describe(node)}`};
    case 'not_multiple_of':
      return {message: `must be a multiple of ${formatNumber(issue.divisor)}, found ${describe(node)}`};
    case 'invalid_format':
      return {message: `must match ${issue.pattern ?? issue.format}, found ${describe(node)}`};
    default:
      return {message: `is not valid (${issue.code}), found ${describe(node)}`};
  }
}

/** A value of another sort than the schema wants. */
export function mismatch(issue: Issue, node: Located): Words {
  const expected = expectedBy(issue);
  const message = `expected ${listWords(expected, 'or')}, found ${describe(node)}`;
  return {message, hint: hintFor(expected, node)};
}

/** What would have been right, in words: names, or kinds of values. */
export function expectedBy(issue: Issue): readonly string[] {
  if (issue.code === 'invalid_value') return issue.values.map(String);
  if (issue.code === 'invalid_type') {
    return [TYPES[readNote(issue).whole ? 'int' : issue.expected] ?? issue.expected];
  }
  if (issue.code !== 'invalid_union') return [];
  if ('options' in issue && Array.isArray(issue.options)) return issue.options.map(String);
  const all = branchesOf(issue).flatMap((issues) => issues.filter(missesShape).flatMap(expectedBy));
  return [...new Set(all)];
}

/** The ways to satisfy a union, and why each failed; unions in unions count as one. */
export function branchesOf(issue: Extract<Issue, {code: 'invalid_union'}>): readonly (readonly Issue[])[] {
  return issue.errors.flatMap((issues): readonly (readonly Issue[])[] => {
    const [only] = issues;
    const nested = issues.length === 1 && only?.code === 'invalid_union' && only.path.length === 0;
    return nested && only.errors.length > 0 ? branchesOf(only) : [issues];
  });
}

/** Whether a value is of another sort than the branch wants, rather than wrong in a detail. */
export function missesShape(issue: Issue): boolean {
  return issue.path.length === 0 && (issue.code === 'invalid_type' || issue.code === 'invalid_value');
}

const TYPES: Readonly<Record<string, string>> = {
  int: 'a whole number',
  number: 'a number',
  string: 'text',
  boolean: 'true or false',
  array: 'a list',
  tuple: 'a list',
  object: 'a map',
  record: 'a map',
  null: 'null',
};

function hintFor(expected: readonly string[], node: Located): string | undefined {
  if (node.kind !== 'scalar' || node.value === null) return undefined;
  const {value, text} = node;
  if (typeof value !== 'string' && expected.includes('text')) return `put it in quotes: "${text}"`;
  if (expected.includes('a list')) return `write a list: [${text}]`;
  if (typeof value !== 'string') return undefined;
  if (expected.includes('a map') && node.plain && NO_SPACE.test(text)) return 'write a space after the colon';
  if (expected.length === 1 && expected[0] === 'a map')
    return 'write its keys below it, each with a value: "key: value"';
  if (expected.includes('true or false') && /^(?:yes|no|on|off)$/i.test(value)) return 'write true or false';
  const wantsNumber = expected.some((word) => word.endsWith('number'));
  if (wantsNumber && !node.plain && value.trim() !== '' && Number.isFinite(Number(value))) {
    return 'write it without quotes';
  }
  const sorts = Object.values(TYPES);
  const likely = didYouMean(
    value,
    expected.filter((word) => !sorts.includes(word)),
  );
  // Which names there are, the message says already.
  return likely?.startsWith('did you mean') ? likely : undefined;
}

function limit(issue: Extract<Issue, {code: 'too_small' | 'too_big'}>): string {
  const small = issue.code === 'too_small';
  const bound = Number(small ? issue.minimum : issue.maximum);
  const [atLeast, more] = small ? ['at least', 'more'] : ['at most', 'less'];
  if (issue.origin === 'string') {
    return small && bound === 1 ? 'must not be empty' : `needs ${atLeast} ${bound} characters`;
  }
  if (issue.origin === 'array') return `needs ${atLeast} ${bound} ${bound === 1 ? 'item' : 'items'}`;
  const number = formatNumber(bound);
  return issue.inclusive === false ? `must be ${more} than ${number}` : `must be ${number} or ${more}`;
}

function describe(node: Located): string {
  if (node.kind === 'map') return 'a map';
  if (node.kind === 'list') return node.items.length === 0 ? 'an empty list' : 'a list';
  if (node.value === null) return 'nothing';
  return typeof node.value === 'string' ? JSON.stringify(shorten(node.value)) : node.text;
}

function shorten(text: string): string {
  return text.length > 60 ? `${text.slice(0, 59)}…` : text;
}
