import {writeFileSync} from 'node:fs';
import {join} from 'node:path';
import type {BoxRow, ImageRow} from '../dataset.js';

/** Sizes that radiographs had before their publisher made them square, with the pixel spacing in millimetres. */
const ORIGINALS = [
  [2682, 2749, 0.143],
  [2500, 2048, 0.168],
  [2992, 2991, 0.143],
  [2048, 2500, 0.168],
] as const;

/**
 * Writes Data_Entry_2017.csv and BBox_List_2017.csv as the release of 2017 had them: a header with commas in brackets
 * and one at every line's end, nine header cells over six values, "Infiltrate" for "Infiltration".
 */
export function writePublishedFiles(
  folder: string,
  {rows, boxes}: Readonly<{rows: readonly ImageRow[]; boxes: readonly BoxRow[]}>,
): void {
  const entries = rows.map((row) => {
    const [width, height, spacing] = ORIGINALS[Number(row.patient) % ORIGINALS.length]!;
    const labels = row.findings.length === 0 ? 'No Finding' : row.findings.join('|');
    const person = [row.patient, row.age, row.sex, row.view];
    return [row.image, labels, row.followUp, ...person, width, height, spacing, spacing, ''].join(',');
  });
  const entryHeader =
    'Image Index,Finding Labels,Follow-up #,Patient ID,Patient Age,Patient Gender,View Position,' +
    'OriginalImage[Width,Height],OriginalImagePixelSpacing[x,y],';
  const list = boxes.map((box) => {
    const label = box.finding === 'Infiltration' ? 'Infiltrate' : box.finding;
    return [box.image, label, box.x, box.y, box.width, box.height].join(',');
  });
  const write = (name: string, lines: readonly string[]): void =>
    writeFileSync(join(folder, name), `${lines.join('\n')}\n`);
  write('Data_Entry_2017.csv', [entryHeader, ...entries]);
  write('BBox_List_2017.csv', ['Image Index,Finding Label,Bbox [x,y,w,h],,,', ...list]);
}
