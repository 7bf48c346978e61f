import {err, ok, type Result} from '../../model/result.js';
import {modeOf, PNG_SIGNATURE, readPngHeader} from '../png-header.js';

/** Bytes from the start of a file that its kind is told by: a DICOM file has its mark at 128. */
export const START_BYTES = 132;

const EXTENSIONS = /\.(png|dcm|dicom)$/i;

/** Archives of hospitals name DICOM files by their unique identifier: numbers with points between. */
const IDENTIFIER = /^\d+(\.\d+)+$/;

/** The name of an image without what tells its form: 00000001_000.png and 00000001_000.dcm are the same radiograph. */
export function stemOf(name: string): string {
  return name.replace(EXTENSIONS, '');
}

/** Whether a file is meant as an image by its name: so it is listed also when it belongs to no row of the metadata. */
export function isImageName(name: string): boolean {
  return EXTENSIONS.test(name) || IDENTIFIER.test(name);
}

/** Whether a file may be an image by its name: DICOM files often have no extension. */
export function mayBeImage(name: string): boolean {
  return isImageName(name) || !name.includes('.');
}

export function isArchiveName(name: string): boolean {
  return /\.(tar|tgz|tar\.gz)$/i.test(name);
}

/** What the first bytes of an image say. Width and height are null of a DICOM file: they stand somewhere in it. */
export type ImageStart = Readonly<{
  width: number | null;
  height: number | null;
  mode: string;
  interlaced: boolean;
}>;

/**
 * @param start - At least the first START_BYTES of the file, or all of it.
 * @returns Or why it is no image, as the end of a sentence that begins with its name.
 */
export function readImageStart(start: Uint8Array, name: string): Result<ImageStart, string> {
  const bytes = Buffer.from(start.buffer, start.byteOffset, Math.min(start.byteLength, START_BYTES));
  if (bytes.toString('latin1', 128, 132) === 'DICM' && !PNG_SIGNATURE.equals(bytes.subarray(0, 8))) {
    return ok({width: null, height: null, mode: 'DICOM', interlaced: false});
  }
  const header = readPngHeader(bytes);
  if (header.ok) {
    const {width, height, interlaced} = header.value;
    return ok({width, height, mode: modeOf(header.value), interlaced});
  }
  const isMeantAsDicom =
    bytes.length > 0 && !/\.png$/i.test(name) && header.error.startsWith('is not a PNG file');
  return err(isMeantAsDicom ? header.error.replace('a PNG file', 'a DICOM file') : header.error);
}
