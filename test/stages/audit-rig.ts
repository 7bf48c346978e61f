import {mkdirSync, writeFileSync} from 'node:fs';
import {join} from 'node:path';
import type {Fold} from '../../pipeline/model/findings.js';
import type {ArtifactRef} from '../../pipeline/model/stage-kind.js';
import {auditDocument} from '../../pipeline/stages/audit/document.js';
import {toCsv} from '../../pipeline/stages/csv.js';
import {npyHeader} from '../../pipeline/stages/preprocess/npy.js';
import {perceptualHash} from '../../pipeline/stages/preprocess/phash.js';
import {preprocess} from '../../pipeline/stages/preprocess/stage.js';
import {createRandom} from '../../pipeline/stages/random.js';
import {split} from '../../pipeline/stages/split/stage.js';
import {artifactRef, type Bench} from './rig.js';
import {datasetWith, imageOf} from './split-rig.js';

export const SIDE = 64;

/** An image as all three artifacts know it. */
export type Picture = Readonly<{
  image: string;
  patient: number;
  fold: Fold;
  /** Of its file: equal digests stand for equal bytes. */
  sha256: string;
  pixels: Uint8Array;
}>;

/** The data set, folds and preprocessed images that hold these pictures, without a PNG ever being made. */
export function artifactsOf(bench: Bench, pictures: readonly Picture[], side = SIDE): readonly ArtifactRef[] {
  const rows = pictures.map(({image, patient}) => imageOf(patient, 0, {image}));
  return [
    datasetWith(bench, rows, {inventory: pictures}),
    foldsOf(bench, pictures),
    imagesOf(bench, pictures, side),
  ];
}

function foldsOf(bench: Bench, pictures: readonly Picture[]): ArtifactRef {
  const lines = pictures.map(({image, patient, fold}) => [image, patient, fold]);
  bench.write('folds/folds.csv', toCsv(['image', 'patient', 'fold'], lines));
  bench.write('folds/audit.json', JSON.stringify(auditDocument([])));
  return artifactRef(split, join(bench.folder, 'folds'), {method: 'seeded'});
}

function imagesOf(bench: Bench, pictures: readonly Picture[], side: number): ArtifactRef {
  const folder = join(bench.folder, 'images');
  mkdirSync(folder, {recursive: true});
  writeFileSync(
    join(folder, 'images.npy'),
    Buffer.concat([npyHeader({rows: pictures.length, size: side}), ...pictures.map(({pixels}) => pixels)]),
  );
  const header = 'row,image,sha256,bytes,width,height,mode,mean,phash';
  const lines = pictures.map(({image, sha256, pixels}, row) => [
    ...[row, image, sha256, 1, side, side, 'L', 0],
    perceptualHash(pixels, side),
  ]);
  writeFileSync(join(folder, 'index.csv'), toCsv(header.split(','), lines));
  return artifactRef(preprocess, folder, {size: side});
}

/** A picture like no other: soft blots of its own. */
export function blots(seed: number, side = SIDE): Uint8Array {
  const random = createRandom(seed);
  const centres = Array.from({length: 60}, () => ({
    x: random.between(0, side),
    y: random.between(0, side),
    radius: random.between(side / 24, side / 6),
    height: random.between(-60, 60),
  }));
  return Uint8Array.from({length: side * side}, (_, place) => {
    const [x, y] = [place % side, Math.floor(place / side)];
    const gray = centres.reduce((sum, blot) => {
      const far = ((x - blot.x) ** 2 + (y - blot.y) ** 2) / blot.radius ** 2;
      return sum + blot.height * Math.exp(-far);
    }, 128);
    return Math.min(255, Math.max(0, Math.round(gray)));
  });
}

/** Softened, with grain of its own: small chequered squares, which leave everything coarse as it is. */
export function grained(pixels: Uint8Array, seed: number): Uint8Array {
  const random = createRandom(seed);
  const squares = Array.from({length: (SIDE / 4) ** 2}, () => random.between(-50, 50));
  return pixels.map((value, place) => {
    const [x, y] = [place % SIDE, Math.floor(place / SIDE)];
    const square = squares[((y >> 2) * SIDE) / 4 + (x >> 2)]!;
    const isDark = ((x >> 1) + (y >> 1)) % 2 === 1;
    return Math.min(255, Math.max(0, Math.round(64 + value / 2 + (isDark ? -square : square))));
  });
}

/** Every gray value changed: brighter, with more contrast, coarser, as by another encoder. */
export function changed(pixels: Uint8Array, gray: (value: number) => number): Uint8Array {
  return pixels.map((value) => Math.min(255, Math.max(0, Math.round(gray(value)))));
}

/** The inner part, enlarged to the whole side again. @param margin - Cut off on each side, in pixels. */
export function cropped(pixels: Uint8Array, side: number, margin: number): Uint8Array {
  const scale = (side - 2 * margin) / side;
  return Uint8Array.from({length: side * side}, (_, place) => {
    const x = Math.max(0, margin + ((place % side) + 0.5) * scale - 0.5);
    const y = Math.max(0, margin + (Math.floor(place / side) + 0.5) * scale - 0.5);
    const [left, top] = [Math.floor(x), Math.floor(y)];
    const [right, bottom] = [Math.min(side - 1, left + 1), Math.min(side - 1, top + 1)];
    const across = (row: number): number =>
      pixels[row * side + left]! * (1 - (x - left)) + pixels[row * side + right]! * (x - left);
    return Math.round(across(top) * (1 - (y - top)) + across(bottom) * (y - top));
  });
}
