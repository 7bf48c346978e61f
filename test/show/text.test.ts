import assert from 'node:assert/strict';
import {fitLine, lineWidth, renderLine, span, wrapLine} from '../../pipeline/show/line.js';
import {
  displayWidth,
  expandTabs,
  outputLines,
  padEnd,
  padStart,
  printable,
  truncate,
} from '../../pipeline/show/text.js';

describe('The width of a text on a terminal', () => {
  it('is two for wide characters and emoji, none for marks', () => {
    const texts = ['abc', '', '日本', 'ｆ', 'e\u0301', '👍🏽', '👩‍⚕️', '✔', '━╸', '\u200b', '한'];
    assert.deepEqual(texts.map(displayWidth), [3, 0, 4, 2, 1, 2, 2, 1, 2, 0, 2]);
  });

  it('is kept by cutting and filling', () => {
    assert.deepEqual(
      ['abcdef', 'abcd', '日本語', '日本', 'e\u0301e\u0301e\u0301e\u0301e\u0301'].map((text) =>
        truncate(text, 4),
      ),
      ['abc…', 'abcd', '日…', '日本', 'e\u0301e\u0301e\u0301…'],
    );
    assert.equal(truncate('abc', 0), '');
    assert.deepEqual([padEnd('日', 4), padStart('日', 4), padEnd('abc', 2)], ['日  ', '  日', 'abc']);
  });
});

describe('A text from outside', () => {
  it('cannot move the cursor, colour the screen or turn the direction of reading', () => {
    assert.equal(printable('a\u001b[2J\u0007\u0085\u202eb\tc\r\nd'), 'a\\x1b[2J\\x07\\x85\\u202eb c d');
  });

  it('that a program printed loses its colours and keeps the last state of a progress line', () => {
    assert.deepEqual(outputLines('\u001b[1;32mgreen\u001b[0m\n10%\r20%\r\n\ta\tb\n\u001b[2Aup\n'), [
      'green',
      '20%',
      '        a       b',
      '\\x1b[2Aup',
    ]);
  });

  it('has its tabs expanded to the next stop', () => {
    assert.equal(expandTabs('a\tbcd\t日\te', 4), 'a   bcd 日  e');
  });
});

describe('A line', () => {
  const line = [span('one ', 'bold'), span('two three', 'dim')];

  it('is cut where the screen ends', () => {
    const cut = (columns: number) => renderLine(fitLine(line, columns), false);
    assert.deepEqual([13, 12, 8, 5, 4, 3, 1].map(cut), [
      'one two three',
      'one two thr…',
      'one two…',
      'one …',
      'one…',
      'on…',
      '…',
    ]);
    for (const columns of [13, 12, 8, 5, 4, 3, 1]) assert.ok(lineWidth(fitLine(line, columns)) <= columns);
  });

  it('is carried over where words end, and inside those that are too long', () => {
    const wrap = (columns: number) => wrapLine(line, columns, 2).map((part) => renderLine(part, false));
    assert.deepEqual(wrap(13), ['one two three']);
    assert.deepEqual(wrap(8), ['one two', '  three']);
    assert.deepEqual(wrap(5), ['one', '  two', '  thr', '  ee']);
    assert.deepEqual(
      wrapLine([span('日本語 x')], 5, 1).map((part) => renderLine(part, false)),
      ['日本', ' 語 x'],
    );
  });
});
