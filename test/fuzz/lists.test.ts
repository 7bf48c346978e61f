import assert from 'node:assert/strict';
import {mkdtempSync, rmSync, writeFileSync} from 'node:fs';
import {tmpdir} from 'node:os';
import {join} from 'node:path';
import fc from 'fast-check';
import {FINDINGS, FOLDS} from '../../pipeline/model/findings.js';
import {whyNoImageName} from '../../pipeline/stages/file-name.js';
import {readFoldColumn} from '../../pipeline/stages/split/column.js';
import {readLists} from '../../pipeline/stages/split/lists.js';
import type {ParamsOf} from '../../pipeline/stages/split/params.js';
import {changed, changes} from './changes.js';
import {imageName} from './cohort.js';
import {assertTold} from './diagnostics.js';
import {describeFuzz} from './fuzz.js';
import {style, writeRows, writeText} from './table-text.js';

const PARTS = ['train', 'val'] as const;

/** Lists are cut at white space. */
const nameInLists = imageName.filter((name) => !/\s/.test(name));

const labels = fc.oneof(fc.constant(null), fc.subarray([...FINDINGS]));
const folder = fc.constantFrom('', 'images/', '/data/nih/images/', 'C:\\images\\', './');
const gap = fc.constantFrom(' ', '\t', '  ', ' \t');

const lines = fc.uniqueArray(
  fc.record({
    image: nameInLists,
    part: fc.constantFrom(...PARTS),
    findings: labels,
    folder,
    gap,
    end: fc.constantFrom('', ' ', '\t'),
  }),
  {minLength: 2, maxLength: 12, selector: ({image}) => image},
);

const look = fc.record({
  bom: fc.boolean(),
  gzip: fc.boolean(),
  lineEnd: fc.constantFrom('\n', '\r\n'),
  blank: fc.constantFrom('', '\n', ' \r\n'),
});

type Lines = typeof lines extends fc.Arbitrary<infer Value> ? Value : never;
type Look = typeof look extends fc.Arbitrary<infer Value> ? Value : never;

function listOf(all: Lines, part: string, {bom, gzip, lineEnd, blank}: Look): Buffer {
  const text = all
    .filter((line) => line.part === part)
    .map(({image, findings, folder: before, gap: between, end}) => {
      const cells = findings === null ? [] : FINDINGS.map((name) => (findings.includes(name) ? '1' : '0'));
      return [before + image, ...cells].join(between) + end;
    });
  return writeText(blank + text.join(lineEnd), {bom, gzip}).bytes;
}

/** A column of folds as a parameter describes it. */
const COLUMN: ParamsOf<'column'> = {
  ...{method: 'column', file: '', image_column: 'Image Index', column: 'fold', accept: []},
  values: {train: ['train', '0'], val: ['val'], test: ['test'], left_out: ['none']},
};

const foldRows = fc.uniqueArray(
  fc.record({
    image: imageName.filter((name) => name.trim() === name),
    folder,
    value: fc.constantFrom('train', '0', 'val', 'test', 'none', ''),
    pad: fc.constantFrom('', ' '),
  }),
  {minLength: 1, maxLength: 10, selector: ({image}) => image},
);

type FoldRows = typeof foldRows extends fc.Arbitrary<infer Value> ? Value : never;

function foldCells(rows: FoldRows): readonly (readonly string[])[] {
  const cells = rows.map(({image, folder: before, value, pad}) => [
    pad + before + image + pad,
    '58',
    pad + value,
  ]);
  return [['Image Index', 'Patient Age', 'fold'], ...cells];
}

describeFuzz('lists of images', (always) => {
  let place = '';
  let files: Record<(typeof PARTS)[number], string>;
  before(() => {
    place = mkdtempSync(join(tmpdir(), 'fuzz-lists-'));
    files = {train: join(place, 'train.txt'), val: join(place, 'val.txt')};
  });
  after(() => rmSync(place, {recursive: true}));

  always('are read as they were written', fc.tuple(lines, look), ([all, how]) => {
    fc.pre(PARTS.every((part) => all.some((line) => line.part === part)));
    for (const part of PARTS) writeFileSync(files[part], listOf(all, part, how));
    const read = readLists(files);
    if (!read.ok) throw new Error(JSON.stringify(read.error));
    assert.deepEqual(
      read.value,
      PARTS.flatMap((wanted) =>
        all.filter(({part}) => part === wanted).map(({image, part, findings}) => ({image, part, findings})),
      ),
    );
  });

  always(
    'are read or refused at a place of theirs, whatever was done to them',
    fc.tuple(lines, look, changes),
    ([all, how, spoilt]) => {
      const contents = {
        [files.train]: changed(listOf(all, 'train', how), spoilt),
        [files.val]: listOf(all, 'val', how),
      };
      for (const [file, bytes] of Object.entries(contents)) writeFileSync(file, bytes);
      const read = readLists(files);
      if (!read.ok) return assertTold(read.error, contents);
      const names = read.value.map(({image}) => image);
      assert.equal(new Set(names).size, names.length);
      assert.deepEqual(
        names.flatMap((name) => (name === '' ? 'empty' : (whyNoImageName(name) ?? []))),
        [],
      );
    },
    {runs: 300},
  );

  always('may be any text at all', fc.string({unit: 'binary', maxLength: 300}), (text) => {
    const contents = {[files.train]: Buffer.from(text)};
    writeFileSync(files.train, contents[files.train]!);
    const read = readLists({train: files.train});
    if (!read.ok) assertTold(read.error, contents);
  });

  always('give the folds of a column as they were written', fc.tuple(foldRows, style), ([rows, how]) => {
    const file = files.train;
    writeFileSync(file, writeRows(foldCells(rows), how).bytes);
    const read = readFoldColumn({...COLUMN, file});
    if (!read.ok) throw new Error(JSON.stringify(read.error));
    const folds = {train: 'train', 0: 'train', val: 'val', test: 'test'} as Readonly<Record<string, string>>;
    assert.deepEqual(
      [...read.value],
      rows.flatMap(({image, value}) => (folds[value] === undefined ? [] : [[image, folds[value]]])),
    );
  });

  always(
    'of folds in a column are read or refused, whatever was done to them',
    fc.tuple(foldRows, style, changes),
    ([rows, how, spoilt]) => {
      const file = files.train;
      const bytes = changed(writeRows(foldCells(rows), how).bytes, spoilt);
      writeFileSync(file, bytes);
      const read = readFoldColumn({...COLUMN, file});
      if (!read.ok) return assertTold(read.error, {[file]: bytes});
      for (const fold of read.value.values()) assert.ok(FOLDS.includes(fold));
    },
    {runs: 300},
  );
});
