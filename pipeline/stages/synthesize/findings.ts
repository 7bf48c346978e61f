import type {Finding} from '../../model/findings.js';
import {createRandom, type Random} from '../random.js';
import {type Anatomy, DRAWN_SIZE, heartBox, lungCenter} from './anatomy.js';
import {bell, distance, sigmoid, sine, square} from './curves.js';

/** Left, top, right, bottom in anatomical coordinates. */
export type Rectangle = readonly [number, number, number, number];

/** What a finding adds to the gray of a chest, within a rectangle. `lung` is how much of the place is lung, 0 to 1. */
export type Shadow = Readonly<{within: Rectangle; at(x: number, y: number, lung: number): number}>;

/** How a finding looks in one image; the data set has boxes for eight of the fourteen findings. */
export type Appearance = Readonly<{shadows: readonly Shadow[]; box: Rectangle | null}>;

/** A schematic sign for each finding, at a place and of a size that differ from image to image. */
export function appearanceOf(finding: Finding, anatomy: Anatomy, random: Random): Appearance {
  return SIGNS[finding](anatomy, random);
}

type Sign = (anatomy: Anatomy, random: Random) => Appearance;

/** Emphysema and cardiomegaly change the chest itself, see anatomy.ts. */
const SIGNS: Readonly<Record<Finding, Sign>> = {
  Atelectasis: plate,
  Cardiomegaly: (anatomy) => ({shadows: [], box: heartBox(anatomy)}),
  Effusion: meniscus,
  Infiltration: speckledPatch,
  Mass: disc,
  Nodule: smallDiscs,
  Pneumonia: cloud,
  Pneumothorax: crescent,
  Consolidation: denseUpperLobe,
  Edema: batWing,
  Emphysema: () => ({shadows: [], box: null}),
  Fibrosis: lattice,
  Pleural_Thickening: rim,
  Hernia: ringBehindHeart,
};

function plate(_: Anatomy, random: Random): Appearance {
  const side = eitherSide(random);
  const [x, y] = [lungCenter(side) + random.between(-4, 4), random.between(142, 160)];
  const [height, width] = [random.between(7, 10), random.between(26, 31)];
  const slope = side * random.between(0.15, 0.4);
  const rise = height + Math.abs(slope) * width;
  return {
    shadows: [
      {
        within: around(x, y, width + 6, 26),
        at: (u, v) => {
          const offAxis = Math.abs(v - y - slope * (u - x));
          return 92 * sigmoid((height - offAxis) * 0.7) * sigmoid((width - Math.abs(u - x)) * 0.5);
        },
      },
    ],
    box: around(x, y, width, rise),
  };
}

/** Fluid that stands higher at the outer wall. */
function meniscus({diaphragm}: Anatomy, random: Random): Appearance {
  const side = eitherSide(random);
  const [x, top] = [lungCenter(side), random.between(136, 158)];
  return {
    shadows: [
      {
        within: [x - 44, top - 24, x + 44, 226],
        at: (u, v, lung) => {
          const climb = (u - x) * side > 0 ? square((u - x) / 36) : 0;
          return 100 * sigmoid((v - top + 16 * climb) * 0.6) * Math.min(1, lung * 1.3);
        },
      },
    ],
    box: [x - 34, top - 6, x + 34, diaphragm + 10],
  };
}

function speckledPatch(_: Anatomy, random: Random): Appearance {
  const [x, y] = [lungCenter(eitherSide(random)) + random.between(-3, 3), random.between(96, 128)];
  const radius = random.between(27, 33);
  const speckles = createSpeckles(random, 9);
  return {
    shadows: [
      {
        within: around(x, y, radius + 6),
        at: (u, v, lung) => {
          const inside = sigmoid((1 - distance(u - x, v - y) / radius) * 7);
          return 150 * Math.max(0, speckles(u, v) - 0.3) * inside * Math.min(1, lung * 1.2);
        },
      },
    ],
    box: around(x, y, radius),
  };
}

function disc(_: Anatomy, random: Random): Appearance {
  const [x, y] = [lungCenter(eitherSide(random)) + random.between(-12, 12), random.between(76, 150)];
  const radius = random.between(14, 19);
  return {shadows: [spot({x, y, radius, gray: 105, edge: 10})], box: around(x, y, radius)};
}

function smallDiscs(_: Anatomy, random: Random): Appearance {
  const places = Array.from({length: 1 + random.below(3)}, () => ({
    x: lungCenter(eitherSide(random)) + random.between(-20, 20),
    y: random.between(70, 165),
    radius: random.between(6, 8),
  }));
  const [{x, y, radius}] = places as [(typeof places)[number]];
  return {
    shadows: places.map((place) => spot({...place, gray: 118, edge: 7})),
    box: around(x, y, radius),
  };
}

function cloud(_: Anatomy, random: Random): Appearance {
  const [x, y] = [lungCenter(eitherSide(random)) + random.between(-4, 4), random.between(150, 172)];
  const radius = random.between(26, 32);
  const at: Shadow['at'] = (u, v) => 85 * bell((square((u - x) / radius) + square((v - y) / radius)) * 1.6);
  return {shadows: [{within: around(x, y, radius + 12), at}], box: around(x, y, radius)};
}

/** Air between lung and wall: dark outside the lung's edge, which shows as a line. */
function crescent({lungHalfWidth, lungHalfHeight}: Anatomy, random: Random): Appearance {
  const side = eitherSide(random);
  const [x, depth] = [lungCenter(side), random.between(9, 15)];
  return {
    shadows: [
      {
        within: [x - 48, 34, x + 48, 178],
        at: (u, v, lung) => {
          const [across, along] = [
            (u - x + side * depth) / (lungHalfWidth - 4),
            (v - 132) / (lungHalfHeight - 10),
          ];
          const beyond = (distance(across, along) - 1) * 26;
          return (-62 * sigmoid(beyond) + 40 * bell(square(beyond))) * Math.min(1, lung * 1.2);
        },
      },
    ],
    box: side < 0 ? [x - 37, 46, x + 14, 150] : [x - 14, 46, x + 37, 150],
  };
}

function denseUpperLobe(_: Anatomy, random: Random): Appearance {
  const [x, floor] = [lungCenter(eitherSide(random)), random.between(74, 90)];
  const at: Shadow['at'] = (_u, v, lung) => 84 * sigmoid((floor - v) * 0.5) * Math.min(1, lung * 1.3);
  return {shadows: [{within: [x - 46, 34, x + 46, floor + 14], at}], box: null};
}

function batWing(): Appearance {
  const middle = DRAWN_SIZE / 2;
  const at: Shadow['at'] = (u, v, lung) => {
    const [across, along] = [(Math.abs(u - middle) - 24) / 22, (v - 122) / 36];
    return 88 * bell(square(across) + square(along)) * Math.min(1, lung * 1.3);
  };
  return {shadows: [{within: [60, 70, 196, 180], at}], box: null};
}

function lattice(): Appearance {
  const at: Shadow['at'] = (u, v, lung) => {
    const isLine = sine(u * 0.55) * sine(v * 0.55 + u * 0.1) > 0.1;
    return isLine ? 95 * sigmoid((v - 142) * 0.2) * lung : 0;
  };
  return {shadows: [{within: [40, 120, 216, 216], at}], box: null};
}

/** A dense line along the outer wall, of one lung or both. */
function rim({lungHalfWidth, lungHalfHeight}: Anatomy, random: Random): Appearance {
  const sides = random.next() < 0.4 ? [-1, 1] : [eitherSide(random)];
  const shadows = sides.map((side): Shadow => {
    const x = lungCenter(side);
    const at: Shadow['at'] = (u, v, lung) => {
      if ((u - x) * side <= 0) return 0;
      const radius = distance((u - x) / lungHalfWidth, (v - DRAWN_SIZE / 2) / lungHalfHeight);
      return 92 * sigmoid((radius - 0.74) * 30) * Math.min(1, lung * 1.6);
    };
    return {within: [x - 48, 50, x + 48, 200], at};
  });
  return {shadows, box: null};
}

/** A loop with air in it. */
function ringBehindHeart(_: Anatomy, random: Random): Appearance {
  const [x, y] = [DRAWN_SIZE / 2 + random.between(-3, 8), random.between(176, 184)];
  const radius = random.between(17, 21);
  const at: Shadow['at'] = (u, v) => {
    const fromCenter = distance(u - x, v - y);
    return (
      -95 * sigmoid((radius - 4 - fromCenter) * 1.2) + 35 * bell(square((fromCenter - radius + 1) / 2.5))
    );
  };
  return {shadows: [{within: around(x, y, radius + 6), at}], box: null};
}

function spot({
  x,
  y,
  radius,
  gray,
  edge,
}: Readonly<{x: number; y: number; radius: number; gray: number; edge: number}>): Shadow {
  return {
    within: around(x, y, radius + 8),
    at: (u, v) => gray * sigmoid((1 - distance(u - x, v - y) / radius) * edge),
  };
}

function around(x: number, y: number, halfWidth: number, halfHeight = halfWidth): Rectangle {
  return [x - halfWidth, y - halfHeight, x + halfWidth, y + halfHeight];
}

function eitherSide(random: Random): number {
  return random.next() < 0.5 ? -1 : 1;
}

/** Smooth noise between 0 and 1 whose grains are `grain` pixels wide. */
function createSpeckles(random: Random, grain: number): (x: number, y: number) => number {
  const cells = 32;
  const texture = createRandom(random.below(2 ** 32));
  const values = Float32Array.from({length: (cells + 1) * (cells + 1)}, () => texture.next());
  return (x, y) => {
    const [column, row] = [Math.floor(x / grain), Math.floor(y / grain)];
    const [right, down] = [x / grain - column, y / grain - row];
    const corner = (row & (cells - 1)) * (cells + 1) + (column & (cells - 1));
    const above = values[corner]! * (1 - right) + values[corner + 1]! * right;
    const below = values[corner + cells + 1]! * (1 - right) + values[corner + cells + 2]! * right;
    return above * (1 - down) + below * down;
  };
}
