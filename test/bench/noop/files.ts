import {existsSync, readFileSync} from 'node:fs';
import {crc32, deflateSync, gunzipSync} from 'node:zlib';
import {chunk, SIGNATURE} from '../../stages/png-maker.js';
import {NIH_METADATA} from '../../stages/rig.js';

export const COUNT = 112_120;

/** The real table where it is at hand, else one of the same form. @returns its text, and which of both. */
export function metadata(): {text: string; origin: string} {
  if (existsSync(NIH_METADATA)) {
    return {text: gunzipSync(readFileSync(NIH_METADATA)).toString(), origin: 'the real metadata'};
  }
  const header = 'Image Index,Finding Labels,Follow-up #,Patient ID,Patient Age,Patient Sex,View Position';
  const rows = Array.from({length: COUNT}, (_, index) => {
    const [patient, followUp] = [Math.floor(index / 4) + 1, index % 4];
    const name = `${String(patient).padStart(8, '0')}_${String(followUp).padStart(3, '0')}.png`;
    return `${name},No Finding,${followUp},${patient},50,F,PA`;
  });
  return {text: `${[header, ...rows].join('\n')}\n`, origin: 'metadata made up'};
}

export function namesIn(table: string): readonly string[] {
  return table
    .split('\n')
    .slice(1)
    .flatMap((line) => (line === '' ? [] : [line.slice(0, line.indexOf(','))]));
}

/** A gray image of one row of eight pixels; no two are equal. */
export function tinyPng(index: number): Buffer {
  const header = Buffer.alloc(13);
  header.writeUInt32BE(8, 0);
  header.writeUInt32BE(1, 4);
  header[8] = 8;
  const row = Buffer.alloc(9);
  row.writeUInt32LE(index, 1);
  row.writeUInt32LE(crc32(row), 5);
  return Buffer.concat([
    SIGNATURE,
    chunk('IHDR', header),
    chunk('IDAT', deflateSync(row, {level: 1})),
    chunk('IEND', Buffer.alloc(0)),
  ]);
}
