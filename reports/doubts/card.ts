import {FINDINGS} from '../../pipeline/model/findings.js';
import {countOf, formatCount, listWords} from '../../pipeline/model/words.js';
import {auditCheck} from '../audit.js';
import type {DataCardFacts} from '../card-facts.js';
import type {AuditFact} from '../data-facts.js';
import {capitalized, inProse, percent, spelled} from '../numbers.js';
import {dataDoubts} from './data.js';
import type {Doubt} from './doubt.js';
import {gravestFirst} from './find.js';
import {FEW_PATIENTS} from './statistics.js';

/** A difference in the share of AP views that is worth a word. */
const UNLIKE = 0.15;

/** A hundredth of the patients with more than this share of the images. */
const CROWDED = 0.05;

/** What is to be doubted of a data set, the gravest first. */
export function cardDoubts(facts: DataCardFacts): readonly Doubt[] {
  return gravestFirst([
    ...noImages(facts),
    ...dataDoubts(facts),
    ...labelState(facts),
    ...fewPatients(facts),
    ...views(facts),
    ...duplicates(facts),
    ...leftOut(facts),
    ...crowded(facts),
    ...copies(facts),
    ...warnings(facts),
    ...race(facts),
  ]);
}

function noImages({data}: DataCardFacts): Doubt[] {
  if (data.atHand > 0) return [];
  return [
    {
      severity: 'serious',
      short: 'No image is at hand.',
      claim: 'No image is at hand: only tables were read.',
      consequence: 'Nothing is known here of pixels, of damaged files and of copies.',
      evidence: `0 of ${countOf(data.images, 'image')} that the metadata name.`,
    },
  ];
}

function labelState({data}: DataCardFacts): Doubt[] {
  if (data.labels.known) return [];
  return [
    {
      severity: 'moderate',
      short: 'Which release the labels are of is not known.',
      claim: 'Which release the labels are of could not be told.',
      consequence:
        'Releases differ in 188 labels and in most follow-up numbers; results may differ in the third decimal.',
      evidence: `${capitalized(data.labels.because)}.`,
    },
  ];
}

function fewPatients({content}: DataCardFacts): Doubt[] {
  const few = FINDINGS.map((finding, index) => ({finding, ...content.findings[index]!})).filter(
    ({patients}) => patients < FEW_PATIENTS,
  );
  if (few.length === 0) return [];
  const least = few.reduce((a, b) => (b.patients < a.patients ? b : a));
  const all = few.length === FINDINGS.length;
  const names = all ? 'every finding' : listWords(few.map(({finding}) => inProse(finding)));
  const which = all
    ? 'Every finding has'
    : `${capitalized(spelled(few.length))} of ${FINDINGS.length} findings ${few.length === 1 ? 'has' : 'have'}`;
  return [
    {
      severity: 'moderate',
      short: `${which} fewer than ${FEW_PATIENTS} patients.`,
      claim: `${which} fewer than ${FEW_PATIENTS} patients.`,
      consequence: `Too few to learn from, and to measure on, once divided: ${names}.`,
      evidence: `Fewest: ${inProse(least.finding)}, ${countOf(least.images, 'image')} of ${countOf(least.patients, 'patient')}.`,
    },
  ];
}

/** AP images are of those who cannot stand: a model can read the view in place of the finding. */
function views({content}: DataCardFacts): Doubt[] {
  const none = content.noFinding.apShare;
  const known = content.findings.flatMap(({apShare, patients}, index) =>
    apShare === null || patients < FEW_PATIENTS ? [] : [{finding: FINDINGS[index]!, apShare}],
  );
  if (none === null || known.length === 0) return [];
  const most = known.reduce((a, b) => (b.apShare > a.apShare ? b : a));
  if (most.apShare - none < UNLIKE) return [];
  const name = inProse(most.finding);
  return [
    {
      severity: 'moderate',
      short: `The view gives findings away: ${name} is ${percent(most.apShare)}% AP.`,
      claim: 'The view goes with the findings.',
      consequence:
        'A model can learn to tell bedside images from others in place of the finding: score views apart.',
      evidence: `AP: ${percent(most.apShare)}% of the images with ${name}, ${percent(none)}% of those without a finding.`,
    },
  ];
}

function duplicates({intake}: DataCardFacts): Doubt[] {
  const {count, examples, file} = intake.duplicates;
  if (count === 0) return [];
  return [
    {
      severity: 'moderate',
      short: `${capitalized(countOf(count, 'group'))} of files with equal bytes.`,
      claim: `${capitalized(spelled(count))} ${count === 1 ? 'image is' : 'images are'} there more than once under different names.`,
      consequence: 'Copies in different folds leak; copies with different labels contradict each other.',
      evidence: `${listWords(examples)}; all in ${file}.`,
    },
  ];
}

function leftOut({intake, images}: DataCardFacts): Doubt[] {
  const {unreadable, extra} = intake;
  // Once images are decoded these are among the quarantined ones.
  const found: Doubt[] = [];
  if (unreadable.count > 0 && images === null)
    found.push({
      severity: 'moderate',
      short: `${capitalized(countOf(unreadable.count, 'file'))} could not be read.`,
      claim: `${capitalized(spelled(unreadable.count))} ${unreadable.count === 1 ? 'file is no image' : 'files are no images'} that can be read.`,
      consequence:
        'They are left out; if the same happened to one kind of image more than to others, shares are off.',
      evidence: `${listWords(unreadable.examples)}; all in ${unreadable.file}.`,
    });
  if (extra.count > 0)
    found.push({
      severity: 'minor',
      short: `${capitalized(countOf(extra.count, 'image'))} without a row in the metadata.`,
      claim: `${capitalized(spelled(extra.count))} ${extra.count === 1 ? 'image has' : 'images have'} no row in the metadata.`,
      consequence: 'Without labels they are not used.',
      evidence: `${listWords(extra.examples)}; all in ${extra.file}.`,
    });
  return found;
}

function crowded({content, data}: DataCardFacts): Doubt[] {
  const {top, most} = content.perPatient;
  if (top.share < CROWDED || top.patients * 20 > data.patients) return [];
  return [
    {
      severity: 'minor',
      short: `1% of the patients have ${percent(top.share)}% of the images.`,
      claim: `One per cent of the patients have ${percent(top.share)}% of the images.`,
      consequence:
        'Images of one patient are no independent evidence: intervals must resample patients, not images.',
      evidence: `${formatCount(top.patients)} patients; one alone has ${countOf(most, 'image')}.`,
    },
  ];
}

/** Copies across folds need the pixels, so that they may not have been looked for. */
function copies({split, data}: DataCardFacts): Doubt[] {
  // What one program draws is all alike.
  if (split === null || data.origin === 'synthetic') return [];
  const [equal, near] = ['duplicate-images', 'near-duplicates'].map((name) => auditCheck(split, name));
  const isMade = (check: AuditFact | null | undefined): boolean =>
    check != null && check.status !== 'not-checked';
  if (isMade(near)) return [];
  const without = data.atHand === 0 ? 'It needs images' : 'It needs the stages preprocess and audit';
  return [
    {
      severity: 'minor',
      short: `${isMade(equal) ? 'Look-alikes' : 'Copies'} in different folds were not looked for.`,
      claim: isMade(equal)
        ? 'Images that look alike in different folds were not looked for; equal files were.'
        : 'Images that are there twice, or look alike, in different folds were not looked for.',
      consequence: 'That nothing leaks this way is not known.',
      evidence: `${near == null ? without : capitalized(near.detail)}.`,
    },
  ];
}

function warnings({intake}: DataCardFacts): Doubt[] {
  return intake.warnings.map((warning) => ({
    severity: 'minor',
    short: 'Something in the files that came in is odd.',
    claim: 'Something in the files that came in is odd.',
    consequence: 'The files may be of another release, or changed.',
    evidence: `${warning}.`,
  }));
}

function race({data}: DataCardFacts): Doubt[] {
  if (data.origin === 'synthetic') return [];
  return [
    {
      severity: 'minor',
      short: 'Race is not recorded.',
      claim: 'Race is not recorded.',
      consequence: 'Whether a model serves groups unequally can be told by sex and age only.',
      evidence: 'The metadata hold sex, age and view.',
    },
  ];
}
