import {FINDINGS, type Finding} from '../../model/findings.js';
import type {ImageRow} from '../dataset.js';
import {createRandom, type Random} from '../random.js';
import {exponential} from './curves.js';

/** Percent of images with each finding in the train list of CheXNet, in the order of FINDINGS. */
const REAL_PERCENT = [10.2, 2.5, 11.8, 17.7, 5.1, 5.6, 1.2, 4.7, 4.2, 1.8, 2.3, 1.5, 2.9, 0.2];

/** A rarer finding than this could not be learnt, nor scored, from a few hundred images. */
const LEAST_PERCENT = 6;

const MOST_IMAGES_PER_PATIENT = 12;

/** An image of the cohort: what the metadata say, and the numbers that its drawing begins from. */
export type PlannedImage = Readonly<{row: ImageRow; patientSeed: number; imageSeed: number}>;

type Patient = {number: number; images: number; isSick: boolean; sex: 'M' | 'F'; age: number};

/** Patients with one to twelve images each, and findings that stay with a patient from image to image. */
export function planCohort(request: Readonly<{images: number; seed: number}>): readonly PlannedImage[] {
  const random = createRandom(request.seed * 7919 + 17);
  const patients = drawPatients(request.images, random);
  const places = patients.flatMap((patient) =>
    Array.from({length: patient.images}, (_, followUp) => ({patient, followUp})),
  );
  const findings = spreadFindings(places, random);
  return places.map(({patient, followUp}, index) => ({
    row: {
      image: `${digits(patient.number, 8)}_${digits(followUp, 3)}.png`,
      patient: String(patient.number),
      age: Math.min(95, patient.age + Math.floor(followUp / 2)),
      sex: patient.sex,
      view: random.next() < (patient.isSick ? 0.45 : 0.3) ? 'AP' : 'PA',
      followUp,
      findings: FINDINGS.filter((name) => findings[index]!.has(name)),
    },
    patientSeed: request.seed * 1_000_003 + patient.number * 7 + 1,
    imageSeed: request.seed * 2_000_003 + index * 11 + 5,
  }));
}

function drawPatients(images: number, random: Random): readonly Patient[] {
  const patients: Patient[] = [];
  for (let left = images; left > 0; ) {
    const count = Math.min(left, MOST_IMAGES_PER_PATIENT, imagesOfPatient(random));
    patients.push({
      number: patients.length + 1,
      images: count,
      isSick: random.next() < 0.7,
      sex: random.next() < 0.56 ? 'M' : 'F',
      age: Math.round(random.between(18, 60) + random.between(0, 30)),
    });
    left -= count;
  }
  return patients;
}

/** Geometric with a mean of about two and a half; one patient in twelve comes three times as often. */
function imagesOfPatient(random: Random): number {
  const [rest, mean] = [1 - random.next(), random.next() < 0.08 ? 4.8 : 1.6];
  const againOdds = exponential(-1 / mean);
  let images = 1;
  for (let odds = againOdds; rest <= odds && images < MOST_IMAGES_PER_PATIENT; odds *= againOdds) images++;
  return images;
}

type Place = Readonly<{patient: Patient; followUp: number}>;

/** Gives each finding to exactly as many images as its percentage says, in three of four images of a sick patient. */
function spreadFindings(places: readonly Place[], random: Random): readonly ReadonlySet<Finding>[] {
  const findings = places.map(() => new Set<Finding>());
  const imagesOf = new Map<Patient, number[]>();
  for (const [index, {patient}] of places.entries()) {
    if (patient.isSick) imagesOf.set(patient, [...(imagesOf.get(patient) ?? []), index]);
  }
  for (const [index, finding] of FINDINGS.entries()) {
    let left = Math.round((places.length * Math.max(REAL_PERCENT[index]!, LEAST_PERCENT)) / 100);
    for (const image of random.shuffled([...imagesOf.values()]).flat()) {
      if (left === 0) break;
      if (random.next() >= 0.75) continue;
      findings[image]!.add(finding);
      left--;
    }
  }
  return findings;
}

function digits(value: number, count: number): string {
  return String(value).padStart(count, '0');
}
