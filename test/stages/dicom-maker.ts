import {writeFileSync} from 'node:fs';
import {join} from 'node:path';
import {execa} from 'execa';
import {ROOT} from '../rig.js';
import {oraclePython} from './oracle-python.js';

/** How dicom_from_png.py can store the same gray values. */
export const DICOM_KINDS = [
  'plain',
  'implicit',
  'big-endian',
  'deflated',
  'rle',
  'inverted',
  '16-bit',
] as const;

/** Paths are absolute. */
export type DicomOrder = Readonly<{png: string; dicom: string; as: (typeof DICOM_KINDS)[number]}>;

/** Writes each PNG as a DICOM file with the same gray values and somebody's name in it. */
export async function makeDicom(orders: readonly DicomOrder[]): Promise<void> {
  const {executable, env} = await oraclePython();
  const script = join(ROOT, 'test/stages/dicom_from_png.py');
  await execa(executable, [script], {env, input: JSON.stringify(orders)});
}

/** One such file of this PNG, in this folder. */
export async function dicomOf(folder: string, png: Buffer, as: DicomOrder['as'] = 'plain'): Promise<string> {
  const [source, dicom] = [join(folder, 'source.png'), join(folder, `${as}.dcm`)];
  writeFileSync(source, png);
  await makeDicom([{png: source, dicom, as}]);
  return dicom;
}
