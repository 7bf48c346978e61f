import assert from 'node:assert/strict';
import {gzipSync} from 'node:zlib';
import {type CsvTable, locateCell, locateRow, readCsv, toCsv} from '../../pipeline/stages/csv.js';
import {type Bench, spelledOut, withBench} from './rig.js';

const TEXT = 'image,labels\na.png,Mass|Nodule\nb.png,\n';

function readIn(bench: Bench, content: string | Uint8Array): CsvTable {
  const table = readCsv(bench.write('table.csv', content));
  if (!table.ok) throw new Error(table.error.message);
  return table.value;
}

describe('CSV files', () => {
  const forms: Record<string, string | Uint8Array> = {
    'as they should be': TEXT,
    'with CRLF': TEXT.replaceAll('\n', '\r\n'),
    'with a byte order mark': `\uFEFF${TEXT}`,
    'without a final newline': TEXT.trimEnd(),
    'with blank lines at the end': `${TEXT}\n\r\n`,
    gzipped: gzipSync(TEXT),
    'with mixed line ends': TEXT.replace('\n', '\r\n'),
    'with mixed line ends and quotes': TEXT.replace('labels\n', '"labels"\r\n'),
    'with every cell quoted': '"image","labels"\n"a.png","Mass|Nodule"\n"b.png",""\n',
  };
  for (const [form, content] of Object.entries(forms)) {
    it(`are read ${form}`, () =>
      withBench(async (bench) => {
        const {header, rows} = readIn(bench, content);
        assert.deepEqual(header, {line: 1, cells: ['image', 'labels']});
        assert.deepEqual(rows, [
          {line: 2, cells: ['a.png', 'Mass|Nodule']},
          {line: 3, cells: ['b.png', '']},
        ]);
      }));
  }

  it('have places in them, also behind quotes, commas and line breaks in cells', () =>
    withBench(async (bench) => {
      const table = readIn(bench, 'a,b,c\n1,"two, and\na half",three|four\n5,,7\n');
      const [first, second] = table.rows as [CsvTable['header'], CsvTable['header']];
      const place = (row: CsvTable['header'], column: number, within?: string): string => {
        const {line, column: at, length} = locateCell(table, row, column, within);
        return `${line}:${at}+${length}`;
      };
      assert.deepEqual(
        [place(first, 0), place(first, 1), place(first, 2, 'four'), place(second, 1), place(second, 2)],
        ['2:1+1', '2:4+8', '3:15+4', '4:3+1', '4:4+1'],
      );
      assert.equal(locateRow(table, second).length, 4);
    }));

  it('have their rows where they are, also behind CRLF in cells and blank lines', () =>
    withBench(async (bench) => {
      const table = readIn(bench, '\n"a\r\nb",c\r\n\r\n\n1,"2\n3\r4"\r\n5,6');
      assert.deepEqual(
        [table.header, ...table.rows],
        [
          {line: 2, cells: ['a\r\nb', 'c']},
          {line: 6, cells: ['1', '2\n3\r4']},
          {line: 8, cells: ['5', '6']},
        ],
      );
    }));

  const refused: readonly [string, string | Uint8Array, string][] = [
    ['nothing in it', '', '1:1+1 this file is empty | it needs a header line'],
    ['only blank lines', '\n\r\n', '1:1+1 this file is empty | it needs a header line'],
    [
      'UTF-16',
      Buffer.from('a,b\n', 'utf16le'),
      '1:1+1 this file is not UTF-8 text | save it as CSV in UTF-8',
    ],
    [
      'Latin-1',
      Buffer.from([97, 44, 0xe9, 10]),
      '1:1+1 this file is not UTF-8 text | save it as CSV in UTF-8',
    ],
    [
      'half a gzip file',
      gzipSync(TEXT.repeat(50)).subarray(0, 40),
      '1:1+1 this gzip file is damaged or cut off | fetch or copy it again',
    ],
    [
      'a quote that does not end',
      'a,b\n1,"2\n',
      '2:1+1 a quote here is not closed | quotes go around a whole cell; inside it they are doubled',
    ],
    [
      'a quote in a cell',
      'a,b\n1,2\n1,6"\n',
      '3:1+1 a quote inside a cell that does not begin with one | quotes go around a whole cell; inside it they are doubled',
    ],
    [
      'text behind a quote',
      'a,b\n1,"2"x\n',
      '2:1+1 text after the closing quote of a cell | quotes go around a whole cell; inside it they are doubled',
    ],
  ];
  for (const [what, content, expected] of refused) {
    it(`are refused with ${what}`, () =>
      withBench(async (bench) => {
        const table = readCsv(bench.write('table.csv', content));
        assert.deepEqual(table.ok ? [] : spelledOut([table.error]), [expected]);
      }));
  }

  const monsters: readonly [string, () => string | Uint8Array, string][] = [
    [
      'a million columns',
      () => `${'a,'.repeat(1e6)}\n`,
      '1:1+1 this row is longer than 100,000 characters | is this the right file, and are its line ends whole?',
    ],
    [
      'thousands of columns',
      () => `a,b\n${'1,'.repeat(2000)}\n`,
      '2:1+1 this row has more than 1,000 cells | is this the right file, and are its line ends whole?',
    ],
    [
      'thousands of quoted columns',
      () => `a,b\n${'"1",'.repeat(2000)}\n`,
      '2:1+1 this row has more than 1,000 cells | is this the right file, and are its line ends whole?',
    ],
    [
      'a quote that is open for megabytes',
      () => `a,b\n1,2\n3,"4\n${'5,6\n'.repeat(1e6)}`,
      '3:1+1 this row is longer than 100,000 characters | is a quote not closed?',
    ],
    [
      'more rows than there are radiographs',
      () => 'a\n'.repeat(1_000_002),
      '1000001:1+1 this file has more than 1,000,000 rows | is this the right file?',
    ],
    [
      'more cells than fit in memory',
      () => `${','.repeat(999)}\n`.repeat(20_001),
      '20001:1+1 this file has more than 20,000,000 cells | is this the right file?',
    ],
    [
      'a gzip bomb',
      () => gzipSync(Buffer.alloc(200 * 2 ** 20, 10), {level: 1}),
      '1:1+1 this file unpacks to more than 134 MB | tables of up to 134 MB are read: is this the right file?',
    ],
    ['a NUL byte', () => 'a,b\n1,\0\n', '2:3+1 a NUL byte | the file is damaged: fetch or copy it again'],
    [
      'line ends of old between quotes',
      () => '"a",b\r1,2\r',
      '1:1+1 lines end with CR alone | save it with LF or CRLF',
    ],
    [
      'a line end of old in a table with quotes',
      () => '"a",b\n\n1,2\r3,"\r"\n',
      '3:1+1 lines end with CR alone | save it with LF or CRLF',
    ],
    ['line ends of old', () => 'a,b\r1,2\r', '1:1+1 lines end with CR alone | save it with LF or CRLF'],
  ];
  for (const [what, content, expected] of monsters) {
    it(`are refused with ${what}, in no time and memory`, () =>
      withBench(async (bench) => {
        const file = bench.write('table.csv', content());
        const before = process.memoryUsage().heapUsed;
        const table = readCsv(file);
        assert.ok(process.memoryUsage().heapUsed - before < 800e6);
        assert.deepEqual(table.ok ? [] : spelledOut([table.error]), [expected]);
      })).timeout(20_000);
  }

  it('are written so that they read back the same', () =>
    withBench(async (bench) => {
      const rows = [
        ['plain', 1],
        ['a,b', '"quoted"'],
        ['two\nlines', ''],
        ['with\rreturns', 'or\r\nboth'],
      ];
      const table = readIn(bench, toCsv(['x', 'y'], rows));
      assert.deepEqual(
        table.rows.map((row) => row.cells),
        rows.map((row) => row.map(String)),
      );
      assert.deepEqual(
        table.rows.map((row) => row.line),
        [2, 3, 4, 6],
      );
    }));
});
