import {formatCount} from '../../pipeline/model/words.js';
import type {DataCardFacts} from '../card-facts.js';
import {section} from '../elements.js';
import type {Html} from '../html.js';
import {percent, spanOf} from '../numbers.js';
import type {Page} from '../page.js';
import {peopleFigures} from '../sections/people.js';

/** Who is in the images. */
export function peopleSection(page: Page<DataCardFacts>, number: number): Html {
  return section({
    number,
    id: 'who',
    question: 'Who is in it?',
    answer: answer(page.facts),
    body: peopleFigures(page),
  });
}

function answer({data, content}: DataCardFacts): string {
  const {people, perPatient} = content;
  const {female, male} = people.views;
  const all = female.pa + female.ap + male.pa + male.ap;
  const share = (images: number): string => `${percent(all === 0 ? 0 : images / all)}%`;
  const most = people.ages.reduce((a, b) => (b.female + b.male > a.female + a.male ? b : a));
  return `${formatCount(data.patients)} patients; ${share(female.pa + female.ap)} of the images are of women, ${share(female.ap + male.ap)} are AP views, ${people.age === null ? 'no age is known' : `the commonest ages are ${spanOf(most)}`}; ${perPatient.most === 1 ? 'every patient has one image' : `a patient has up to ${formatCount(perPatient.most)} images`}.`;
}
