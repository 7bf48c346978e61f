import fc from 'fast-check';
import {FINDINGS} from '../../pipeline/model/findings.js';
import type {BoxRow, ImageRow} from '../../pipeline/stages/dataset.js';

/** Names that a file of an image may have; also such as make CSV files and lists difficult. */
export const imageName: fc.Arbitrary<string> = fc
  .oneof(
    {weight: 3, arbitrary: fc.nat(30_805).map((patient) => `${String(patient).padStart(8, '0')}_000.png`)},
    {weight: 2, arbitrary: fc.string({unit: 'grapheme', minLength: 1, maxLength: 12})},
    {
      weight: 1,
      arbitrary: fc.constantFrom('a,b.png', '"a".png', 'שלום.png', 'c d.png', "'.png", '#.dcm', '𝒳'),
    },
  )
  .filter(
    (name) => !/[/\\|\p{Cc}\p{Zl}\p{Zp}\p{Cs}\u200b-\u200f\u202a-\u202e\u2060-\u2069\ufeff]/u.test(name),
  )
  .filter((name) => !/^[=+\-@]/.test(name));

/** A row and how its age and patient are written. */
export type WrittenRow = Readonly<{row: ImageRow; age: string; patient: string}>;

const age: fc.Arbitrary<Readonly<{years: number | null; text: string}>> = fc.oneof(
  fc.nat(120).chain((years) =>
    fc.constantFrom(
      ...[String(years), `${years}Y`, `${String(years).padStart(3, '0')}Y`, `${years}.0`].map((text) => ({
        years,
        text,
      })),
    ),
  ),
  fc
    .nat(999)
    .map((months) => ({years: thousandths(months / 12), text: `${String(months).padStart(3, '0')}M`})),
  fc.nat(999).map((days) => ({years: thousandths(days / 365.25), text: `${days}D`})),
  fc.nat(999).map((weeks) => ({years: thousandths(weeks / 52.1775), text: `${weeks}W`})),
  fc.integer({min: 121, max: 999}).map((years) => ({years: null, text: `${years}`})),
);

const row: fc.Arbitrary<WrittenRow> = fc
  .record({
    image: imageName,
    patient: fc.integer({min: 1, max: 99_999_999}),
    zeros: fc.nat(3),
    age,
    sex: fc.constantFrom<'M' | 'F'>('M', 'F'),
    view: fc.constantFrom<'PA' | 'AP'>('PA', 'AP'),
    followUp: fc.nat(200),
    findings: fc.subarray([...FINDINGS]),
  })
  .map(({image, patient, zeros, age: {years, text}, sex, view, followUp, findings}) => ({
    row: {image, patient: String(patient), age: years, sex, view, followUp, findings},
    age: text,
    patient: '0'.repeat(zeros) + patient,
  }));

/** Rows of different images. */
export const cohort: fc.Arbitrary<readonly WrittenRow[]> = fc.uniqueArray(row, {
  minLength: 1,
  maxLength: 8,
  selector: (written) => written.row.image.replace(/\.(png|dcm|dicom)$/i, ''),
});

const pixels = fc.oneof(fc.nat(3000), fc.double({min: 0, max: 3000, noNaN: true}).map(thousandths));

export const boxes: fc.Arbitrary<readonly BoxRow[]> = fc.array(
  fc.record(
    {
      image: imageName,
      finding: fc.constantFrom(...FINDINGS),
      x: pixels,
      y: pixels,
      width: pixels.map((size) => thousandths(size + 1)),
      height: pixels.map((size) => thousandths(size + 1)),
    },
    {noNullPrototype: true},
  ),
  {maxLength: 8},
);

function thousandths(value: number): number {
  return Math.round(value * 1000) / 1000;
}
