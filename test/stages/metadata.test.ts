import assert from 'node:assert/strict';
import {FINDINGS} from '../../pipeline/model/findings.js';
import {readBoxList} from '../../pipeline/stages/acquire/boxes.js';
import {readDataEntry} from '../../pipeline/stages/acquire/metadata.js';
import {dataEntry, entry, HEADER_2017} from './data.js';
import {spelledOut, withBench} from './rig.js';

const KNOWN = [...FINDINGS, 'No Finding'].join(', ');

/** What is wrong, the rows or the whole text, and every diagnostic. */
const FAULTS: readonly [string, readonly string[] | string, readonly string[]][] = [
  ['an empty file', '', ['1:1+1 this file is empty | it needs a header line']],
  [
    'a header alone',
    `${HEADER_2017}\n`,
    [`1:1+${HEADER_2017.length} this file has a header but no rows | is it the whole file?`],
  ],
  [
    'missing columns',
    'Image Index,Finding Label,Follow-up #,Patient ID,Patient Age,View Position\na.png,Mass,0,1,5,PA\n',
    [
      '1:13+13 no column "Finding Labels" | rename "Finding Label" if that is it',
      '1:1+74 no column "Patient Gender" or "Patient Sex" | the header has: ' +
        'Image Index, Finding Label, Follow-up #, Patient ID, Patient Age, View Position',
    ],
  ],
  [
    'a duplicate image',
    [entry('a.png', 1), entry('b.png', 1), entry('a.png', 1)],
    ['4:1+5 a.png is there twice | every image has one row (first here 2:1+5)'],
  ],
  [
    'unknown findings',
    [entry('a.png', 1, 'Mass|Nodul'), entry('b.png', 1, 'Pleural Thickening'), entry('c.png', 1, 'Broken')],
    [
      '2:12+5 "Nodul" is not a finding | did you mean "Nodule"?',
      '3:7+18 "Pleural Thickening" is not a finding | did you mean "Pleural_Thickening"?',
      `4:7+6 "Broken" is not a finding | known are ${KNOWN}`,
    ],
  ],
  [
    'labels that contradict each other',
    [entry('a.png', 1, 'No Finding|Mass'), entry('b.png', 1, 'Mass|Mass'), entry('c.png', 1, 'Mass|')],
    [
      '2:7+10 "No Finding" beside a finding | one of them is wrong',
      '3:7+4 "Mass" is there twice | name it once',
      `4:7+1 an empty finding | known are ${KNOWN}`,
    ],
  ],
  [
    'impossible ages',
    [entry('a.png', 1).replace(',58,', ',-3,'), entry('b.png', 1).replace(',58,', ',old,')],
    [
      '2:22+2 the age is negative: -3 | write years, like 58, or 058Y, 006M, 365D',
      '3:22+3 "old" is not an age | write years, like 58, or 058Y, 006M, 365D',
    ],
  ],
  [
    'patients and follow-ups that are no numbers',
    [entry('a.png', 1).replace('0,1,58', '0,P1,58'), entry('b.png', 1).replace('0,1,58', '0.5,0,58')],
    [
      '2:20+2 "P1" is not a patient number | patients are numbered 1, 2, 3, …',
      '3:18+3 "0.5" is not a follow-up number | follow-ups are numbered 0, 1, 2, …',
      '3:22+1 "0" is not a patient number | patients are numbered 1, 2, 3, …',
    ],
  ],
  [
    'another sex and view',
    [entry('a.png', 1).replace('M,PA', 'male,LL')],
    [
      '2:25+4 "male" is not a sex of this data set | write M or F',
      '2:30+2 "LL" is not a view | write PA or AP',
    ],
  ],
  [
    'image names that are none',
    [entry('', 1), entry('images/a.png', 1)],
    [
      '2:1+1 no image name | every row names a file, like 00000001_000.png',
      '3:1+12 "images/a.png" names a folder | give the file name alone, like 00000001_000.png',
    ],
  ],
  [
    'image names that are something else in a spreadsheet or a terminal',
    ['=cmd|a.png', 'a|b.png', '+a.png', '@a.png', '-a.png', 'a\u202egnp.png', 'b\u0007.png', 'תמונה.png'].map(
      (name) => entry(name, 1),
    ),
    [
      '2:1+10 "=cmd|a.png" begins with =, which spreadsheets take for a formula',
      '3:1+7 "a|b.png" has a | in it, which stands between names in lists',
      '4:1+6 "+a.png" begins with +, which spreadsheets take for a formula',
      '5:1+6 "@a.png" begins with @, which spreadsheets take for a formula',
      '6:1+6 "-a.png" begins with -, which spreadsheets take for a formula',
      '7:1+9 "a\\u202egnp.png" has characters that cannot be seen',
      '8:1+6 "b\\u0007.png" has characters that cannot be seen',
    ].map((fault) => `${fault} | give the file name alone, like 00000001_000.png`),
  ],
  [
    'two forms of one image',
    [entry('a.png', 1), entry('a.dcm', 2)],
    ['3:1+5 a.dcm is there twice | every image has one row (first here 2:1+5)'],
  ],
  [
    'numbers that no computer keeps',
    [entry('a.png', 1).replace('0,1,58', `${'9'.repeat(30)},${'9'.repeat(30)},${'9'.repeat(400)}`)],
    [
      `2:18+30 "${'9'.repeat(30)}" is not a follow-up number | follow-ups are numbered 0, 1, 2, …`,
      `2:49+30 "${'9'.repeat(30)}" is not a patient number | patients are numbered 1, 2, 3, …`,
      `2:80+400 "${'9'.repeat(120)}…" is not an age | write years, like 58, or 058Y, 006M, 365D`,
    ],
  ],
  [
    'cells as long as pages',
    [entry('a.png', 1, 'Mass'.repeat(10_000)), entry('b.png', 1, 'Mass|'.repeat(10_000))],
    [
      `2:7+40000 "${'Mass'.repeat(30)}…" is not a finding | known are ${KNOWN}`,
      '3:7+4 10,001 findings in one image | there are 14 of them',
    ],
  ],
  [
    'rows of another width',
    ['a.png,Mass,0,1', `${entry('b.png', 1)},more`],
    [
      '2:1+14 this row has 4 cells where the header names 12 | is a comma missing or too much, or a line cut off?',
      '3:1+56 this row has 13 cells where the header names 12 | is a comma missing or too much, or a line cut off?',
    ],
  ],
  [
    'more faults than anybody reads',
    Array.from({length: 25}, (_, index) => entry(`${index}.png`, 1).replace('M,PA', 'M,??')),
    [
      ...Array.from(
        {length: 20},
        (_, index) => `${index + 2}:${index < 10 ? 27 : 28}+2 "??" is not a view | write PA or AP`,
      ),
      '- and 5 more faults in entries.csv',
    ],
  ],
];

describe('the metadata of the publisher', () => {
  for (const [what, content, expected] of FAULTS) {
    it(`are refused with ${what}`, () =>
      withBench(async (bench) => {
        const file = bench.write('entries.csv', typeof content === 'string' ? content : dataEntry(content));
        const read = readDataEntry(file);
        assert.deepEqual(read.ok ? [] : spelledOut(read.error, bench.folder), expected);
      }));
  }

  it('are read with the header of 2017 and of 2020, with Windows line ends, a byte order mark, no last newline', () =>
    withBench(async (bench) => {
      const text = dataEntry([entry('a.png', 7, 'Mass|Atelectasis')]);
      const forms = [
        text,
        `\uFEFF${text.replaceAll('\n', '\r\n')}`,
        text.trimEnd().replaceAll(',\n', '\n').replace(/,$/, ''),
        text.replace('Patient Gender', 'Patient Sex'),
      ];
      const rows = forms.map((form) => readDataEntry(bench.write('entries.csv', form)));
      for (const read of rows) {
        assert.deepEqual(read.ok ? read.value.rows : read.error, [
          {
            image: 'a.png',
            patient: '7',
            age: 58,
            sex: 'M',
            view: 'PA',
            followUp: 0,
            findings: ['Atelectasis', 'Mass'],
          },
        ]);
      }
    }));

  it('are refused in a moment with a hundred thousand faults', () =>
    withBench(async (bench) => {
      const rows = Array.from({length: 100_000}, (_, index) =>
        entry(`${index}.png`, 1).replace('M,PA', '?,??'),
      );
      const file = bench.write('entries.csv', dataEntry(rows));
      const started = performance.now();
      const read = readDataEntry(file);
      assert.ok(performance.now() - started < 5000);
      assert.equal(read.ok ? 0 : read.error.length, 21);
      assert.equal(read.ok ? '' : read.error.at(-1)!.message.split(' in ')[0], 'and 199980 more faults');
    }));

  it('may have impossible ages, which are then unknown and said to be so', () =>
    withBench(async (bench) => {
      const file = bench.write('entries.csv', dataEntry([entry('a.png', 1).replace(',58,', ',411,')]));
      const read = readDataEntry(file);
      assert.ok(read.ok);
      assert.equal(read.value.rows[0]!.age, null);
      assert.equal(read.value.agesLeftOut.count, 1);
      assert.deepEqual(spelledOut([read.value.agesLeftOut.first!]), [
        '2:22+3 nobody is 411 years old: this age is taken as unknown | the release of 2020 has it corrected',
      ]);
    }));
});

describe('the box list of the publisher', () => {
  it('is refused with every fault at its place', () =>
    withBench(async (bench) => {
      const file = bench.write(
        'boxes.csv',
        'Image Index,Finding Label,Bbox [x,y,w,h],,,\n' +
          'a.png,Infiltrat,1,2,3,4\n' +
          'a.png,Mass,-1,2,0,x\n' +
          'a.png,Mass,1,2\n',
      );
      const read = readBoxList(file);
      assert.deepEqual(read.ok ? [] : spelledOut(read.error), [
        '2:7+9 "Infiltrat" is not a finding | did you mean "Infiltration"?',
        '3:12+2 "-1" is not a place in pixels | boxes are given as left, top, width, height',
        '3:17+1 "0" is not a size in pixels | boxes are given as left, top, width, height',
        '3:19+1 "x" is not a size in pixels | boxes are given as left, top, width, height',
        '4:1+14 this row has too few cells | image, finding, x, y, width, height',
      ]);
    }));

  it('takes no number that is not written as one', () =>
    withBench(async (bench) => {
      const odd = [' ', '0x10', '1e3', 'Infinity', '+1'];
      const rows = odd.map((number) => `a.png,Mass,1,1,${number},1`);
      const file = bench.write('boxes.csv', `Image Index,Finding Label,Bbox [x,y,w,h]\n${rows.join('\n')}\n`);
      const read = readBoxList(file);
      assert.deepEqual(
        read.ok ? [] : read.error.map(({message}) => message),
        odd.map((number) => `"${number}" is not a size in pixels`),
      );
    }));

  it('is refused without its columns, and what is like one is spelled out', () =>
    withBench(async (bench) => {
      const header = 'Image Index,Finding Label,\u202eBbox [x,y,w,h]\n';
      const read = readBoxList(bench.write('boxes.csv', header));
      assert.deepEqual(read.ok ? [] : spelledOut(read.error), [
        '1:27+8 no column "Bbox [x" | rename "\\u202eBbox [x" if that is it',
      ]);
    }));

  it('is refused without its columns', () =>
    withBench(async (bench) => {
      const file = bench.write('boxes.csv', 'Image Index,Finding Label,x,y,w,h\n');
      const read = readBoxList(file);
      assert.deepEqual(read.ok ? [] : spelledOut(read.error), [
        '1:1+33 no column "Bbox [x" | the header has: Image Index, Finding Label, x, y, w, h',
        '1:1+33 no column "h]" | the header has: Image Index, Finding Label, x, y, w, h',
      ]);
    }));
});
