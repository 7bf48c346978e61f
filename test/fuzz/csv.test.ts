import assert from 'node:assert/strict';
import {mkdtempSync, rmSync, writeFileSync} from 'node:fs';
import {tmpdir} from 'node:os';
import {join} from 'node:path';
import fc from 'fast-check';
import {type CsvTable, locateCell, locateRow, readCsv, toCsv} from '../../pipeline/stages/csv.js';
import {changed, changes} from './changes.js';
import {assertLocated, assertTold} from './diagnostics.js';
import {describeFuzz} from './fuzz.js';
import {style, writeRows} from './table-text.js';

const cell = fc.oneof(
  fc.string({maxLength: 8}),
  fc.string({unit: 'grapheme', maxLength: 8}),
  fc.constantFrom(
    '',
    ' ',
    ',',
    '"',
    '""',
    '\n',
    '\r\n',
    '\r',
    'a"b',
    'x,y',
    ' z ',
    '\t',
    "'",
    'two\nlines',
    '=1',
  ),
);

/** Rows need not be of one length. A row of one empty cell is a blank line, and a BOM before the first is none of it. */
const rows = fc
  .array(fc.array(cell, {minLength: 1, maxLength: 6}), {minLength: 1, maxLength: 12})
  .filter((all) => all.every((cells) => cells.length > 1 || cells[0] !== ''))
  .filter(([header]) => !header![0]!.startsWith('\ufeff'));

describeFuzz('CSV files of all kinds', (always) => {
  let folder = '';
  let file = '';
  before(() => {
    folder = mkdtempSync(join(tmpdir(), 'fuzz-csv-'));
    file = join(folder, 'table.csv');
  });
  after(() => rmSync(folder, {recursive: true}));

  function read(bytes: Uint8Array): CsvTable {
    writeFileSync(file, bytes);
    const table = readCsv(file);
    if (!table.ok) throw new Error(JSON.stringify(table.error));
    return table.value;
  }

  always('are read as they were, however they were written', fc.tuple(rows, style), ([all, how]) => {
    const {bytes, lines} = writeRows(all, how);
    const table = read(bytes);
    const found = [table.header, ...table.rows];
    assert.deepEqual(
      found.map(({cells}) => cells),
      all,
    );
    assert.deepEqual(
      found.map(({line}) => line),
      lines,
    );
  });

  always('that we write are read as they were', rows, (all) => {
    const [header, ...body] = all;
    const table = read(Buffer.from(toCsv(header!, body)));
    assert.deepEqual([table.header.cells, ...table.rows.map(({cells}) => cells)], all);
  });

  always('tell where each cell is', fc.tuple(rows, style), ([all, how]) => {
    const {bytes, text} = writeRows(all, how);
    const table = read(bytes);
    const lines = text.split('\n');
    for (const row of [table.header, ...table.rows]) {
      for (const [column, content] of row.cells.entries()) {
        const place = locateCell(table, row, column);
        assertLocated(place, {[file]: bytes});
        const [first] = content.split('\n');
        if (first === '' || content.includes('"')) continue;
        assert.equal(lines[place.line - 1]!.slice(place.column - 1, place.column - 1 + place.length), first);
      }
    }
  });

  always(
    'are read or refused at a place of theirs, whatever was done to them',
    fc.tuple(rows, style, changes),
    ([all, how, spoilt]) => {
      const bytes = changed(writeRows(all, how).bytes, spoilt);
      writeFileSync(file, bytes);
      const table = readCsv(file);
      if (!table.ok) return assertTold([table.error], {[file]: bytes});
      for (const row of [table.value.header, ...table.value.rows]) {
        assertLocated(locateRow(table.value, row), {[file]: bytes});
        assertLocated(locateCell(table.value, row, row.cells.length), {[file]: bytes});
        assertLocated(locateCell(table.value, row, row.cells.length - 1), {[file]: bytes});
      }
    },
    {runs: 300},
  );

  always('may be any bytes at all', fc.uint8Array({maxLength: 400}), (bytes) => {
    writeFileSync(file, bytes);
    const table = readCsv(file);
    if (!table.ok) assertTold([table.error], {[file]: bytes});
  });

  always(
    'mean the same whether or not a cell of theirs is quoted',
    fc
      .array(
        fc.array(fc.string({unit: fc.constantFrom('a', ' ', ';', '\t', 'é'), maxLength: 3}), {
          minLength: 2,
          maxLength: 4,
        }),
        {
          minLength: 2,
          maxLength: 6,
        },
      )
      .chain((plain) => fc.tuple(fc.constant(plain), style)),
    ([plain, how]) => {
      const once = read(writeRows(plain, {...how, quoteEvery: 0}).bytes);
      const again = read(writeRows([['"', 'b'], ...plain], how).bytes);
      assert.deepEqual(
        again.rows.map(({cells}) => cells),
        [once.header, ...once.rows].map(({cells}) => cells),
      );
    },
  );
});
