import assert from 'node:assert/strict';
import type {Diagnostic, Location} from '../../pipeline/model/diagnostic.js';
import {printDiagnostics} from '../../pipeline/show/diagnostic.js';

const at = (line: number, column: number, length: number): Location => ({
  file: 'a.yaml',
  line,
  column,
  length,
});
const error = (location: Location | null, more: Partial<Diagnostic> = {}): Diagnostic => ({
  severity: 'error',
  message: 'it is wrong',
  location,
  ...more,
});

function shown(text: string | null, ...diagnostics: readonly Diagnostic[]): string {
  return printDiagnostics(diagnostics, {color: false, readText: () => text});
}

describe('A diagnostic', () => {
  it('shows its place, the source line, a caret and what to do', () => {
    assert.equal(
      shown('one\ntwo: three\n', error(at(2, 6, 5), {hint: 'write four'})),
      `a.yaml:2:6: error: it is wrong
  2 │ two: three
    │      ^^^^^
  hint: write four
`,
    );
  });

  it('without a place is a sentence', () => {
    assert.equal(shown(null, error(null)), 'error: it is wrong\n');
  });

  it('of a file that cannot be read keeps its place', () => {
    assert.equal(shown(null, error(at(2, 6, 5))), 'a.yaml:2:6: error: it is wrong\n');
  });

  it('behind the end of a file shows no line', () => {
    assert.equal(shown('one\n', error(at(9, 1, 1))), 'a.yaml:9:1: error: it is wrong\n');
  });

  it('shows related places in the same way', () => {
    const related = [{message: 'because of this', location: at(1, 1, 3)}];
    assert.equal(
      shown('one\ntwo\n', error(at(2, 1, 3), {severity: 'warning', related})),
      `a.yaml:2:1: warning: it is wrong
  2 │ two
    │ ^^^
  a.yaml:1:1: because of this
  1 │ one
    │ ^^^
`,
    );
  });

  it('puts its caret below tabs, wide characters, marks and emoji', () => {
    const line = '\tk: "日本 e\u0301 👩‍⚕️" x';
    const column = line.indexOf('x') + 1;
    assert.equal(
      shown(line, error(at(1, column, 1))),
      `a.yaml:1:${column}: error: it is wrong
  1 │     k: "日本 e\u0301 👩‍⚕️" x
    │                    ^
`,
    );
    assert.equal(
      shown(line, error(at(1, line.indexOf('日') + 1, 2))),
      `a.yaml:1:6: error: it is wrong
  1 │     k: "日本 e\u0301 👩‍⚕️" x
    │         ^^^^
`,
    );
  });

  it('ends its caret with the line', () => {
    assert.equal(
      shown('abc', error(at(1, 2, 50))),
      `a.yaml:1:2: error: it is wrong
  1 │ abc
    │  ^^
`,
    );
  });

  it('behind the end of its line has one caret', () => {
    assert.equal(
      shown('abc', error(at(1, 4, 1))),
      `a.yaml:1:4: error: it is wrong
  1 │ abc
    │    ^
`,
    );
  });

  it('shows the part of a very long line that matters', () => {
    const text = shown(`${'a'.repeat(300)}bad${'c'.repeat(300)}`, error(at(1, 301, 3)));
    assert.equal(
      text,
      `a.yaml:1:301: error: it is wrong
  1 │ …${'a'.repeat(48)}bad${'c'.repeat(49)}…
    │  ${' '.repeat(48)}^^^
`,
    );
  });

  it('lets no control character through', () => {
    assert.equal(
      shown(
        'a\u001b[31mb\u0007\u202ec',
        error(at(1, 7, 1), {message: 'found "\u001b[2J\u202e"', hint: 'no\u0008'}),
      ),
      `a.yaml:1:7: error: found "\\x1b[2J\\u202e"
  1 │ a\ufffd[31mb\ufffd\ufffdc
    │       ^
  hint: no\\x08
`,
    );
  });

  it('is coloured only on request', () => {
    const text = printDiagnostics([error(at(1, 1, 3), {hint: 'h'})], {color: true, readText: () => 'one'});
    assert.equal(
      text,
      '\u001b[1ma.yaml:1:1: \u001b[22m\u001b[31merror: \u001b[39mit is wrong\n' +
        '\u001b[2m  1 │ \u001b[22mone\n' +
        '\u001b[2m    │ \u001b[22m\u001b[31m^^^\u001b[39m\n' +
        '\u001b[36m  hint: \u001b[39mh\n',
    );
  });
});

describe('Several diagnostics', () => {
  it('are counted in the end', () => {
    assert.equal(
      shown(null, error(null), error(null), error(null, {severity: 'warning', message: 'odd'})),
      `error: it is wrong

error: it is wrong

warning: odd

2 errors, 1 warning
`,
    );
  });

  it('that are none are nothing', () => {
    assert.equal(shown(null), '');
  });
});
