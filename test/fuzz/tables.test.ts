import assert from 'node:assert/strict';
import {mkdtempSync, rmSync, writeFileSync} from 'node:fs';
import {tmpdir} from 'node:os';
import {join} from 'node:path';
import fc from 'fast-check';
import type {Diagnostic} from '../../pipeline/model/diagnostic.js';
import {FINDINGS} from '../../pipeline/model/findings.js';
import type {Result} from '../../pipeline/model/result.js';
import {readAdjudicated} from '../../pipeline/stages/acquire/adjudicated.js';
import {readBoxList} from '../../pipeline/stages/acquire/boxes.js';
import {readDataEntry} from '../../pipeline/stages/acquire/metadata.js';
import {whyNoImageName} from '../../pipeline/stages/file-name.js';
import {changed, changes} from './changes.js';
import {boxes, cohort, imageName} from './cohort.js';
import {assertTold} from './diagnostics.js';
import {describeFuzz} from './fuzz.js';
import {form, metadataCells} from './metadata-file.js';
import {type Style, style, writeRows} from './table-text.js';

const BOX_HEADER = ['Image Index', 'Finding Label', 'Bbox [x', 'y', 'w', 'h]', '', '', ''];

const ADJUDICATED_HEADER = [
  ...[
    'Image Index',
    'Patient ID',
    'Fracture',
    'Pneumothorax',
    'Airspace opacity',
    'Nodule or mass',
    'Set Id',
  ],
];

const answer = fc.constantFrom('YES', 'NO', 'yes', 'no', 'Yes');

const adjudicated = fc.uniqueArray(
  fc.record({
    image: imageName,
    answers: fc.tuple(answer, answer, answer, answer),
    set: fc.constantFrom('val', 'TEST'),
  }),
  {maxLength: 8, selector: ({image}) => image},
);

type Told<Value> = Result<Value, readonly Diagnostic[]>;

describeFuzz('tables of a data set', (always) => {
  let folder = '';
  let file = '';
  before(() => {
    folder = mkdtempSync(join(tmpdir(), 'fuzz-tables-'));
    file = join(folder, 'table.csv');
  });
  after(() => rmSync(folder, {recursive: true}));

  function read<Value>(bytes: Uint8Array, reader: (file: string) => Told<Value>): Value {
    const result = told(bytes, reader);
    if (!result.ok) throw new Error(JSON.stringify(result.error));
    return result.value;
  }

  /** Whatever is refused is refused well. */
  function told<Value>(bytes: Uint8Array, reader: (file: string) => Told<Value>): Told<Value> {
    writeFileSync(file, bytes);
    const result = reader(file);
    if (!result.ok) assertTold(result.error, {[file]: bytes});
    return result;
  }

  always(
    'give the metadata that were written, in every form and style',
    fc.tuple(cohort, form, style),
    ([written, how, look]) => {
      const {rows, agesLeftOut} = read(writeRows(metadataCells(written, how), look).bytes, readDataEntry);
      assert.deepEqual(
        rows,
        written.map(({row}) => row),
      );
      assert.equal(agesLeftOut.count, written.filter(({row}) => row.age === null).length);
    },
  );

  always(
    'give metadata that make sense or none, whatever was done to them',
    fc.tuple(cohort, form, style, changes),
    ([written, how, look, spoilt]) => {
      const result = told(changed(writeRows(metadataCells(written, how), look).bytes, spoilt), readDataEntry);
      if (!result.ok) return;
      for (const {image, patient, age, sex, view, followUp, findings} of result.value.rows) {
        assert.equal(whyNoImageName(image), null);
        assert.match(patient, /^[1-9]\d*$/);
        assert.ok(age === null || (age >= 0 && age <= 120), `${age}`);
        assert.match(`${sex} ${view}`, /^[MF] (PA|AP)$/);
        assert.ok(Number.isInteger(followUp) && followUp >= 0);
        assert.deepEqual(
          findings,
          FINDINGS.filter((name) => findings.includes(name)),
        );
      }
      const names = result.value.rows.map(({image}) => image);
      assert.equal(new Set(names).size, names.length);
    },
    {runs: 250},
  );

  always(
    'give the boxes that were written, in every style',
    fc.tuple(boxes, style, fc.boolean()),
    ([all, look, infiltrate]) => {
      const cells = all.map(({image, finding, x, y, width, height}) => [
        image,
        infiltrate && finding === 'Infiltration' ? 'Infiltrate' : finding,
        ...[x, y, width, height].map(String),
        ...['', '', ''],
      ]);
      assert.deepEqual(read(writeRows([BOX_HEADER, ...cells], look).bytes, readBoxList), all);
    },
  );

  always(
    'give boxes of written numbers or none, whatever was done to them',
    fc.tuple(boxes, style, changes),
    ([all, look, spoilt]) => {
      const cells = all.map(({image, finding, x, y, width, height}) =>
        [image, finding, x, y, width, height].map(String),
      );
      const result = told(changed(writeRows([BOX_HEADER, ...cells], look).bytes, spoilt), readBoxList);
      if (!result.ok) return;
      for (const {image, finding, x, y, width, height} of result.value) {
        assert.equal(whyNoImageName(image), null);
        assert.ok(FINDINGS.includes(finding));
        assert.ok(
          [x, y, width, height].every(Number.isFinite) && Math.min(x, y) >= 0 && Math.min(width, height) > 0,
        );
      }
    },
    {runs: 200},
  );

  always(
    'take nothing for a number of a box that is not written as one',
    fc.constantFrom(
      ' ',
      '\t',
      '0x10',
      '0b1',
      '1e400',
      'Infinity',
      '-1',
      'NaN',
      '1_0',
      '٣',
      '1,0',
      '',
      '+',
      '.',
      '1e',
    ),
    (text) => {
      const cells = ['a.png', 'Mass', text, '1', '1', '1'];
      assert.ok(!told(writeRows([BOX_HEADER, cells], PLAIN).bytes, readBoxList).ok, text);
    },
    {runs: 40},
  );

  always(
    'give the adjudicated labels that were written, in every style',
    fc.tuple(adjudicated, style),
    ([all, look]) => {
      const cells = all.map(({image, answers, set}) => [image, '1', ...answers, set]);
      const rows = read(writeRows([ADJUDICATED_HEADER, ...cells], look).bytes, readAdjudicated);
      assert.deepEqual(
        rows.map((row) => [
          row.image,
          row.fracture,
          row.pneumothorax,
          row.airspaceOpacity,
          row.noduleOrMass,
          row.set,
        ]),
        all.map(({image, answers, set}) => [image, ...[...answers, set].map((text) => text.toLowerCase())]),
      );
    },
  );

  always(
    'give adjudicated labels that make sense or none, whatever was done to them',
    fc.tuple(adjudicated, style, changes),
    ([all, look, spoilt]) => {
      const cells = all.map(({image, answers, set}) => [image, '1', ...answers, set]);
      const result = told(
        changed(writeRows([ADJUDICATED_HEADER, ...cells], look).bytes, spoilt),
        readAdjudicated,
      );
      if (!result.ok) return;
      for (const {image, set, ...answers} of result.value) {
        assert.equal(whyNoImageName(image), null);
        assert.match(set, /^[a-z]+$/);
        for (const given of Object.values(answers)) assert.match(given, /^(yes|no)$/);
      }
    },
    {runs: 200},
  );
});

const PLAIN: Style = {
  ...{bom: false, lineEnds: ['\n'], finalLineEnd: true, gzip: false, quoteEvery: 0, blankLineEvery: 0},
};
