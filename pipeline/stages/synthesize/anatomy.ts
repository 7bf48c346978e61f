import type {Random} from '../random.js';
import {bell, sigmoid, sine, sineOf, square} from './curves.js';

/** Radiographs are drawn at this size and enlarged. Anatomical coordinates are those of a patient without tilt. */
export const DRAWN_SIZE = 256;
const CENTER = DRAWN_SIZE / 2;

/** The gray of air outside the body. */
const BACKGROUND = 14;

const HEART = {x: CENTER + 15, y: 164} as const;

/** How one patient is built, and how he stands in one image. Lengths are in pixels of the drawing. */
export type Anatomy = Readonly<{
  scale: number;
  originX: number;
  originY: number;
  tilt: number;
  lungHalfWidth: number;
  lungHalfHeight: number;
  lungTone: number;
  /** Emphysema widens the lungs. */
  lungWidening: number;
  heartHalfWidth: number;
  heartHalfHeight: number;
  diaphragm: number;
  domeHeight: number;
  ribSpacing: number;
  ribContrast: number;
}>;

/** @param patient - Draws what stays the same in all images of a patient; @param image - what differs. */
export function drawAnatomy(
  patient: Random,
  image: Random,
  {emphysema, cardiomegaly}: Readonly<{emphysema: boolean; cardiomegaly: boolean}>,
): Anatomy {
  const heartSize = patient.between(0.92, 1.08);
  return {
    scale: patient.between(0.94, 1.06) * image.between(0.98, 1.02),
    originX: CENTER + image.between(-6, 6),
    originY: CENTER + image.between(-6, 6),
    tilt: image.between(-0.04, 0.04),
    lungHalfWidth: patient.between(34, 39),
    lungHalfHeight: patient.between(76, 84),
    lungTone: (emphysema ? -112 : -88) + image.between(-6, 6),
    lungWidening: emphysema ? 1.1 : 1,
    heartHalfWidth: (cardiomegaly ? 56 : 35) * heartSize,
    heartHalfHeight: (cardiomegaly ? 43 : 33) * heartSize,
    diaphragm: (emphysema ? 206 : 190) + patient.between(-4, 4),
    domeHeight: emphysema ? 2 : 15,
    ribSpacing: patient.between(21, 25),
    ribContrast: patient.between(8, 13),
  };
}

/** Middle of a lung: side -1 is the left of the picture, which is the patient's right. */
export function lungCenter(side: number): number {
  return CENTER + side * 47;
}

/** Where the heart lies, for its box. */
export function heartBox({
  heartHalfWidth,
  heartHalfHeight,
}: Anatomy): readonly [number, number, number, number] {
  return [
    HEART.x - heartHalfWidth,
    HEART.y - heartHalfHeight,
    HEART.x + heartHalfWidth,
    HEART.y + heartHalfHeight,
  ];
}

/** Rotation by the tilt and scaling, as two numbers; from picture to anatomy and, with `inverse`, back. */
export function poseOf({tilt, scale}: Anatomy, inverse = false): Readonly<{cosine: number; sine: number}> {
  const [cosine, sine] = [1 - (tilt * tilt) / 2 + (tilt * tilt * tilt * tilt) / 24, sineOf(tilt)];
  return inverse
    ? {cosine: cosine * scale, sine: sine * scale}
    : {cosine: cosine / scale, sine: sine / scale};
}

export type Drawing = Readonly<{
  /** Gray values, row by row; findings are added to them. */
  pixels: Float32Array;
  /** How much of each pixel is lung, 0 to 1. */
  lung: Float32Array;
}>;

/** The chest without findings: soft tissue, lungs, heart, spine, ribs, clavicles, air in the trachea. */
export function drawChest(anatomy: Anatomy): Drawing {
  const pixels = new Float32Array(DRAWN_SIZE * DRAWN_SIZE);
  const lung = new Float32Array(DRAWN_SIZE * DRAWN_SIZE);
  const pose = poseOf(anatomy);
  for (let row = 0, pixel = 0; row < DRAWN_SIZE; row++) {
    for (let column = 0; column < DRAWN_SIZE; column++, pixel++) {
      const [dx, dy] = [column - anatomy.originX, row - anatomy.originY];
      const x = CENTER + pose.cosine * dx + pose.sine * dy;
      const y = CENTER - pose.sine * dx + pose.cosine * dy;
      const body = bodyAt(x, y);
      if (body < 0.002) {
        pixels[pixel] = BACKGROUND;
        continue;
      }
      const heart = heartAt(anatomy, x, y);
      const mediastinum = bell(square((x - CENTER) / 15));
      const share = lungAt(anatomy, x, y) * (1 - 0.9 * heart) * (1 - 0.75 * mediastinum);
      lung[pixel] = share;
      const soft = 150 + 34 * mediastinum + 16 * heart + anatomy.lungTone * share;
      const bones = ribAt(anatomy, x, y) * (0.35 + 0.65 * share) + clavicleAt(x, y) + spineAt(x, y);
      pixels[pixel] = BACKGROUND + body * (soft + bones + tracheaAt(x, y));
    }
  }
  return {pixels, lung};
}

function bodyAt(x: number, y: number): number {
  const halfWidth = y < 60 ? 40 + 1.15 * Math.max(0, y - 4) : 104 + 4 * sine(y * 0.02);
  return sigmoid((halfWidth - Math.abs(x - CENTER)) * 0.35) * (y < 4 ? 0.85 : 1);
}

function lungAt(anatomy: Anatomy, x: number, y: number): number {
  const {lungHalfHeight, domeHeight} = anatomy;
  const narrowing = y < CENTER ? 1 - 0.3 * square((CENTER - y) / lungHalfHeight) : 1;
  const halfWidth = anatomy.lungHalfWidth * anatomy.lungWidening * narrowing;
  const [across, along] = [(x - lungCenter(x < CENTER ? -1 : 1)) / halfWidth, (y - CENTER) / lungHalfHeight];
  const radius = across * across + along * along;
  if (radius >= 1.6) return 0;
  const aboveDiaphragm = anatomy.diaphragm - domeHeight + domeHeight * 1.6 * across * across - y;
  return sigmoid((1 - radius) * 9) * sigmoid(aboveDiaphragm * 0.45);
}

function heartAt({heartHalfWidth, heartHalfHeight}: Anatomy, x: number, y: number): number {
  const radius = square((x - HEART.x) / heartHalfWidth) + square((y - HEART.y) / heartHalfHeight);
  return radius < 2.2 ? sigmoid((1 - radius) * 7) : 0;
}

function ribAt({ribSpacing, ribContrast}: Anatomy, x: number, y: number): number {
  const fromSpine = Math.abs(x - CENTER);
  if (fromSpine <= 14) return 0;
  const arched = y - 0.0055 * fromSpine * fromSpine + (26 * fromSpine) / CENTER;
  return Math.max(0, sine((arched * 6.2832) / ribSpacing)) * ribContrast;
}

function clavicleAt(x: number, y: number): number {
  const fromSpine = Math.abs(x - CENTER);
  if (fromSpine <= 12 || fromSpine >= 84) return 0;
  return 16 * bell(square((y - 56 + fromSpine * 0.16) / 3.2));
}

function spineAt(x: number, y: number): number {
  return 10 * bell(square((x - CENTER) / 7)) * (sine(y * 0.5) > 0 ? 1 : 0.3);
}

function tracheaAt(x: number, y: number): number {
  return y < 96 ? -26 * bell(square((x - CENTER) / 6.5)) : 0;
}
