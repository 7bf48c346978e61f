import assert from 'node:assert/strict';
import {
  countOf,
  formatBytes,
  formatClock,
  formatCount,
  formatDuration,
  formatMeasure,
  formatNumber,
  formatRate,
  formatShare,
  formatValue,
  listWords,
} from '../../pipeline/model/words.js';

describe('Numbers in words', () => {
  it('of parameters are short, and in powers of ten below a thousandth', () => {
    assert.deepEqual(
      [0, 1, -2, 32, 0.01, 0.001, 3e-4, 1e-4, 2.5e-5, -1e-5, 1e6, Number.NaN].map(formatNumber),
      ['0', '1', '-2', '32', '0.01', '0.001', '3e-4', '1e-4', '2.5e-5', '-1e-5', '1000000', '–'],
    );
  });

  it('of measures have as many digits as mean something', () => {
    assert.deepEqual(
      [0, 0.30123, 0.5, 12.3456, 123456, 3.21987e-5, Number.POSITIVE_INFINITY].map((value) =>
        formatMeasure(value),
      ),
      ['0', '0.3012', '0.5000', '12.35', '123,456', '3.22e-5', '–'],
    );
    assert.equal(formatMeasure(0.81234, 3), '0.812');
  });

  it('of things are counted with marked thousands and the right noun', () => {
    assert.deepEqual([0, 999, 1000, 112120, 1234567].map(formatCount), [
      '0',
      '999',
      '1,000',
      '112,120',
      '1,234,567',
    ]);
    assert.deepEqual(
      [countOf(0, 'stage'), countOf(1, 'stage'), countOf(2, 'index', 'indices')],
      ['0 stages', '1 stage', '2 indices'],
    );
  });

  it('of shares never say all or nothing when it is not', () => {
    assert.deepEqual([0, 0.001, 0.5, 0.996, 1].map(formatShare), ['0%', '<1%', '50%', '99%', '100%']);
  });

  it('of seconds grow their unit', () => {
    const seconds = [0, 0.0001, 0.04, 0.0996, 3.14, 9.96, 38, 59.6, 192, 3599.7, 7500, 86_390, 100_000, -1];
    assert.deepEqual(seconds.map(formatDuration), [
      '0 s',
      '<1 ms',
      '40 ms',
      '0.1 s',
      '3.1 s',
      '10 s',
      '38 s',
      '1 min 00 s',
      '3 min 12 s',
      '1 h 00 min',
      '2 h 05 min',
      '1 d 00 h',
      '1 d 04 h',
      '–',
    ]);
  });

  it('of a clock run in whole seconds', () => {
    assert.deepEqual([0, 42.9, 725, 3723, -3].map(formatClock), ['0:00', '0:42', '12:05', '1:02:03', '0:00']);
  });

  it('of bytes are in powers of a thousand', () => {
    assert.deepEqual([0, 512, 999.6, 1300, 45e9, 999_999, 1e18].map(formatBytes), [
      '0 B',
      '512 B',
      '1.0 kB',
      '1.3 kB',
      '45 GB',
      '1.0 MB',
      '1000 PB',
    ]);
  });

  it('of rates are per minute when a second is too short', () => {
    assert.deepEqual(
      [0, 0.04, 0.7, 431.4, 12_345].map((rate) => formatRate(rate, 'images')),
      ['0.0 images/s', '2.4 images/min', '0.7 images/s', '431 images/s', '12,345 images/s'],
    );
  });
});

describe('Values in words', () => {
  it('are as short as YAML allows, and quoted where they could be misread', () => {
    const values = [
      'adamw',
      'per-image',
      '1e-3',
      '',
      ' a',
      'a, b',
      null,
      true,
      3e-4,
      [1, 'a'],
      {flip: 0.5, by: ['x y']},
    ];
    assert.deepEqual(values.map(formatValue), [
      'adamw',
      'per-image',
      '"1e-3"',
      '""',
      '" a"',
      '"a, b"',
      'null',
      'true',
      '3e-4',
      '[1, a]',
      '{flip: 0.5, by: [x y]}',
    ]);
  });

  it('are listed as a sentence lists them', () => {
    assert.deepEqual(
      [listWords([]), listWords(['a']), listWords(['a', 'b']), listWords(['a', 'b', 'c'], 'or')],
      ['', 'a', 'a and b', 'a, b or c'],
    );
  });
});
