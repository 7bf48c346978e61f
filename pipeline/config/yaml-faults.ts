/** What the YAML parser says about a text that it cannot read. */
export type SyntaxFault = Readonly<{
  code: string;
  message: string;
  /** Offset in the text. */
  start: number;
  end: number;
  /** Offset at which the unclosed quote, list or map around the fault begins, if one does. */
  opened: number | null;
}>;

/** The same in words that say what to do; offsets in the text. */
export type SyntaxWords = Readonly<{message: string; hint?: string; start: number; end: number}>;

/** The parser's codes are those of yaml 2 (src/errors.ts). */
export function explainSyntax(fault: SyntaxFault, text: string): SyntaxWords {
  const {start, end} = fault;
  switch (fault.code) {
    case 'TAB_AS_INDENT':
      return {message: 'a tab indents this line', hint: 'indent with spaces', start, end};
    case 'MISSING_CHAR':
    case 'BAD_INDENT':
      return unclosedOrMisplaced(fault, text);
    case 'BLOCK_AS_IMPLICIT_KEY':
    case 'MULTILINE_IMPLICIT_KEY':
      return badKey(fault, text);
    case 'BAD_SCALAR_START':
      return {
        message: `a value cannot begin with ${text[start]}`,
        hint: 'put it in quotes',
        start,
        end: start + 1,
      };
    case 'BAD_DQ_ESCAPE':
      return {
        message: `"${text.slice(start, start + 2)}" means nothing inside double quotes`,
        hint: 'write \\\\ for a backslash, or use single quotes',
        start,
        end: start + 2,
      };
    case 'UNEXPECTED_TOKEN':
      return unexpected(fault, text);
    case 'MULTIPLE_DOCS':
      return {
        message: 'a second document begins here',
        hint: 'one file holds one configuration: remove the line ---',
        start,
        end: start + 3,
      };
    case 'TAG_RESOLVE_FAILED':
      return {
        message: `the tag ${text.slice(start, end)} has no meaning here`,
        hint: 'remove it',
        start,
        end,
      };
    default:
      return byMessage(fault);
  }
}

function unclosedOrMisplaced(fault: SyntaxFault, text: string): SyntaxWords {
  const {message, opened, start, end} = fault;
  if (opened !== null) {
    const sign = text[opened]!;
    return {message: `this ${sign} is never closed`, start: opened, end: opened + 1};
  }
  if (message.startsWith('Implicit map keys need')) {
    const word = text.slice(start, end);
    if (NO_SPACE.test(word)) return noSpace(start + word.indexOf(':'));
    const last = text.slice(end).trim() === '';
    return {
      message: `"${word}" is followed by no colon`,
      hint: last
        ? 'the file ends here: is it cut off?'
        : 'write "key: value", or indent it as a part of the line above',
      start,
      end,
    };
  }
  if (message.startsWith('All ')) {
    const first = firstInLine(text, start);
    return {
      message: 'this line is indented unlike its neighbours',
      hint: 'the keys of one map begin in the same column, and so do the items of one list',
      start: first,
      end: endOfLine(text, first),
    };
  }
  return byMessage(fault);
}

/** What has no code of its own, by the beginning of the parser's message. */
const PHRASES: readonly Readonly<{begins: RegExp; message: string; hint?: string}>[] = [
  {
    begins: /^(?:Missing ,|Block collections are not allowed)/,
    message: 'a comma or a closing bracket is missing before this',
  },
  {
    begins: /^(?:Anchor|Alias|Tags? and anchors?) /,
    message: 'an anchor, an alias or a tag is not complete',
    hint: 'put text that begins with &, * or ! in quotes',
  },
  {
    begins: /^Sequence item without/,
    message: 'this is no item of the list above',
    hint: 'each item begins with "- "',
  },
  {begins: /^Comments must be separated/, message: 'a comment needs a space before its #'},
  {begins: /^Block scalar lines/, message: 'this line is indented less than the text that it belongs to'},
];

function byMessage({message, start, end}: SyntaxFault): SyntaxWords {
  const phrase = PHRASES.find(({begins}) => begins.test(message));
  if (phrase === undefined) return {message: `not valid YAML: ${lowerFirst(message)}`, start, end};
  const {begins: _, ...words} = phrase;
  return {...words, start, end};
}

function badKey({start}: SyntaxFault, text: string): SyntaxWords {
  const end = endOfLine(text, start);
  const line = text.slice(start, end);
  if (/:(?:\s|$)/.test(line)) {
    const hint = 'put text that holds a colon in quotes, or give each key a line of its own';
    return {message: 'a second colon in one line', hint, start, end};
  }
  if (NO_SPACE.test(line)) return noSpace(start + line.indexOf(':'));
  const next = firstInLine(text, end + 1);
  const hint = 'the line above already has a value';
  return {message: 'this line is indented too far', hint, start: next, end: endOfLine(text, next)};
}

/** `key:value`, which YAML takes for one word. */
export const NO_SPACE = /^[\w-]+:\S/;

function noSpace(colon: number): SyntaxWords {
  return {message: 'no space after this colon', start: colon, end: colon + 1};
}

function unexpected({start, end}: SyntaxFault, text: string): SyntaxWords {
  const line = text.slice(text.lastIndexOf('\n', start - 1) + 1, endOfLine(text, start));
  const word = text.slice(start, Math.max(end, start + 1)).split('\n')[0]!;
  const message = `"${word}" cannot stand here`;
  const reference = line.includes('${');
  const hint = reference
    ? `put \${env:…} in quotes inside { } and [ ]`
    : 'a quoted text, a list or a map must be the whole value';
  return {message, hint, start, end: start + word.length};
}

function firstInLine(text: string, offset: number): number {
  const begin = text.lastIndexOf('\n', offset - 1) + 1;
  return begin + /^[ \t]*/.exec(text.slice(begin))![0].length;
}

function endOfLine(text: string, offset: number): number {
  return offset + /^[^\r\n]*/.exec(text.slice(offset))![0].trimEnd().length;
}

function lowerFirst(text: string): string {
  return text.charAt(0).toLowerCase() + text.slice(1);
}
