import fc from 'fast-check';
import type {WrittenRow} from './cohort.js';

const COLUMNS = ['image', 'findings', 'followUp', 'patient', 'age', 'sex', 'view'] as const;
type Column = (typeof COLUMNS)[number] | 'other';

/** How a file of metadata is laid out: the releases of 2017 and 2020, and copies of them. */
export type Form = Readonly<{
  sex: 'Patient Gender' | 'Patient Sex';
  columns: readonly Column[];
  /** Commas at the end of rows and of the header. */
  trailing: Readonly<{rows: number; header: number}>;
  paddedHeader: boolean;
  /** The findings of a row stand in any order. */
  turned: boolean;
}>;

export const form: fc.Arbitrary<Form> = fc.record({
  sex: fc.constantFrom('Patient Gender', 'Patient Sex'),
  columns: fc
    .tuple(fc.shuffledSubarray([...COLUMNS], {minLength: COLUMNS.length}), fc.nat(3))
    .map(([columns, others]) => [...columns, ...Array<Column>(others).fill('other')]),
  trailing: fc.record({rows: fc.nat(2), header: fc.nat(2)}),
  paddedHeader: fc.boolean(),
  turned: fc.boolean(),
});

export function metadataCells(rows: readonly WrittenRow[], form: Form): readonly (readonly string[])[] {
  const names: Readonly<Record<Column, string>> = {
    ...{image: 'Image Index', findings: 'Finding Labels', followUp: 'Follow-up #', patient: 'Patient ID'},
    ...{age: 'Patient Age', sex: form.sex, view: 'View Position', other: 'OriginalImage[Width'},
  };
  const header = form.columns.map((column) => (form.paddedHeader ? ` ${names[column]}  ` : names[column]));
  return [
    [...header, ...empty(form.trailing.header)],
    ...rows.map((row) => [
      ...form.columns.map((column) => cellOf(row, column, form)),
      ...empty(form.trailing.rows),
    ]),
  ];
}

function cellOf({row, age, patient}: WrittenRow, column: Column, {turned}: Form): string {
  switch (column) {
    case 'findings': {
      const findings = turned ? [...row.findings].reverse() : row.findings;
      return findings.length === 0 ? 'No Finding' : findings.join('|');
    }
    case 'age':
      return age;
    case 'patient':
      return patient;
    case 'followUp':
      return String(row.followUp);
    case 'other':
      return '2500';
    default:
      return row[column];
  }
}

function empty(count: number): readonly string[] {
  return Array<string>(count).fill('');
}
