import {formatCount} from '../../model/words.js';

/** Width and height of an image in pixels. */
export type Frame = Readonly<{width: number; height: number}>;

const MAX_SIDE = 16_384;

/** More than any detector has: 43 cm at 100 µm are 4,300 pixels a side. A thread needs 8 bytes for each pixel. */
const MAX_MEGAPIXELS = 32;

/**
 * Asked of what a header says, before memory is taken for it.
 * @returns Why an image of this size is not read, as the end of a sentence that begins with its name, or null.
 */
export function refuseFrame({width, height}: Frame): string | null {
  const size = `is ${formatCount(width)}×${formatCount(height)} pixels`;
  if (Math.max(width, height) > MAX_SIDE) {
    return `${size}; more than ${formatCount(MAX_SIDE)} on a side are not read`;
  }
  if (width * height <= MAX_MEGAPIXELS * 1e6) return null;
  return `${size}; more than ${MAX_MEGAPIXELS} megapixels are not read`;
}
