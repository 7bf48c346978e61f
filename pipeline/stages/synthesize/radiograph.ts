import type {Finding} from '../../model/findings.js';
import {createRandom, type Random} from '../random.js';
import {type Anatomy, DRAWN_SIZE, type Drawing, drawAnatomy, drawChest, poseOf} from './anatomy.js';
import {appearanceOf, type Rectangle, type Shadow} from './findings.js';
import {GRAIN_LENGTH, grain} from './grain.js';

/** A drawing of DRAWN_SIZE squared; boxes are left, top, right, bottom in its pixels and may lie partly outside. */
export type Radiograph = Readonly<{
  pixels: Float32Array;
  boxes: readonly Readonly<{finding: Finding; at: Rectangle}>[];
}>;

/** Brightest gray of the picture; the side marker is drawn in it. */
const [BRIGHTEST, MARKER] = [250, 245];

/** Draws one radiograph: the same arguments give the same picture. */
export function drawRadiograph(
  request: Readonly<{findings: readonly Finding[]; patientSeed: number; imageSeed: number}>,
): Radiograph {
  const {findings} = request;
  const image = createRandom(request.imageSeed);
  const anatomy = drawAnatomy(createRandom(request.patientSeed), image, {
    emphysema: findings.includes('Emphysema'),
    cardiomegaly: findings.includes('Cardiomegaly'),
  });
  const drawing = drawChest(anatomy);
  const boxes: {finding: Finding; at: Rectangle}[] = [];
  for (const finding of findings) {
    const {shadows, box} = appearanceOf(finding, anatomy, image);
    for (const shadow of shadows) addShadow(drawing, anatomy, shadow);
    if (box !== null) boxes.push({finding, at: inPicture(anatomy, box)});
  }
  expose(drawing.pixels, image);
  addMarker(drawing.pixels);
  return {pixels: drawing.pixels, boxes};
}

/** Looks only at pixels that can lie within the shadow's rectangle, with some room for the tilt. */
function addShadow({pixels, lung}: Drawing, anatomy: Anatomy, {within, at}: Shadow): void {
  const {originX, originY, scale} = anatomy;
  const [center, room] = [DRAWN_SIZE / 2, 10];
  const [left, top, right, bottom] = within;
  const pose = poseOf(anatomy);
  const firstRow = Math.max(0, Math.floor(originY + (top - center) * scale - room));
  const lastRow = Math.min(DRAWN_SIZE - 1, Math.ceil(originY + (bottom - center) * scale + room));
  const firstColumn = Math.max(0, Math.floor(originX + (left - center) * scale - room));
  const lastColumn = Math.min(DRAWN_SIZE - 1, Math.ceil(originX + (right - center) * scale + room));
  for (let row = firstRow; row <= lastRow; row++) {
    for (let column = firstColumn; column <= lastColumn; column++) {
      const [dx, dy] = [column - originX, row - originY];
      const x = center + pose.cosine * dx + pose.sine * dy;
      const y = center - pose.sine * dx + pose.cosine * dy;
      if (x < left || x > right || y < top || y > bottom) continue;
      const pixel = row * DRAWN_SIZE + column;
      pixels[pixel]! += at(x, y, lung[pixel]!);
    }
  }
}

/** The smallest upright rectangle of the same size around the tilted one's middle. */
function inPicture(anatomy: Anatomy, [left, top, right, bottom]: Rectangle): Rectangle {
  const {originX, originY, scale} = anatomy;
  const pose = poseOf(anatomy, true);
  const [dx, dy] = [(left + right - DRAWN_SIZE) / 2, (top + bottom - DRAWN_SIZE) / 2];
  const x = originX + pose.cosine * dx - pose.sine * dy;
  const y = originY + pose.sine * dx + pose.cosine * dy;
  const [halfWidth, halfHeight] = [(scale * (right - left)) / 2, (scale * (bottom - top)) / 2];
  return [x - halfWidth, y - halfHeight, x + halfWidth, y + halfHeight];
}

/** Brightness and contrast of the exposure, and the coarse part of its noise. */
function expose(pixels: Float32Array, random: Random): void {
  const [gain, offset] = [random.between(0.9, 1.08), random.between(-10, 10)];
  let place = 0;
  for (let pixel = 0; pixel < pixels.length; pixel++) {
    if (pixel % DRAWN_SIZE === 0) place = random.below(GRAIN_LENGTH - DRAWN_SIZE);
    const gray = gain * pixels[pixel]! + offset + grain(place++) * 0.0028;
    pixels[pixel] = Math.min(BRIGHTEST, Math.max(0, gray));
  }
}

/** An "L" at the patient's left, which is the right of the picture. */
function addMarker(pixels: Float32Array): void {
  for (let row = 12; row < 24; row++) {
    for (let column = 230; column < 236; column++) {
      if (column < 232 || row > 21) pixels[row * DRAWN_SIZE + column] = MARKER;
    }
  }
}
