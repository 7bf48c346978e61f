import {countOf, formatCount} from '../../pipeline/model/words.js';
import type {DescribedData} from '../data-facts.js';
import {factList, figure, headRow, over, table} from '../elements.js';
import {agePyramid} from '../figures/ages.js';
import {perPatientChart} from '../figures/per-patient.js';
import {type Html, html} from '../html.js';
import {fixed, percent, spanOf} from '../numbers.js';
import type {Page} from '../page.js';

/** Who is in the images: ages by sex and by view, sexes by view, and how many images a patient has. */
export function peopleFigures(page: Page<DescribedData>): Html {
  const {people} = page.facts.content;
  const known = people.ages.reduce((sum, row) => sum + row.female + row.male, 0);
  const unknown =
    people.ageUnknown === 0
      ? ''
      : ` The age of ${countOf(people.ageUnknown, 'image is', 'images are')} not known.`;
  const n = html`<span class="keep">n = ${countOf(known, 'image')}</span>`;
  const bySex = figure({
    number: page.nextFigure(),
    chart: page.chart(
      agePyramid(people.ages, {
        id: 'age-by-sex',
        title: 'Age in years, by sex',
        left: {group: 'female', name: 'female'},
        right: {group: 'male', name: 'male'},
      }),
    ),
    caption: html`Ages at the time of the image, by sex; ${n}.${unknown}`,
  });
  const byView = figure({
    number: page.nextFigure(),
    chart: page.chart(
      agePyramid(people.ages, {
        id: 'age-by-view',
        title: 'Age in years, by view',
        left: {group: 'pa', name: 'PA'},
        right: {group: 'ap', name: 'AP'},
      }),
    ),
    caption: html`Ages by view; ${n}. PA: standing, from behind. AP: from the front, mostly in bed.`,
  });
  return html`<div class="two">${bySex}
${byView}</div>
${severalImages(page)}
${ageTable(page)}`;
}

/** Beside each other: how many images a patient has, and the rest in numbers. */
function severalImages(page: Page<DescribedData>): Html {
  if (page.facts.content.perPatient.most < 2)
    return html`<div class="two"><div>${viewTable(page)}</div>
<div>${inShort(page.facts)}</div></div>`;
  return html`<div class="two">${perPatient(page)}
<div>${viewTable(page)}${inShort(page.facts)}</div></div>`;
}

function perPatient(page: Page<DescribedData>): Html {
  const {data, content} = page.facts;
  const {top} = content.perPatient;
  const first =
    top.patients === 1
      ? `The patient with most images has ${percent(top.share)}% of them`
      : `The ${formatCount(top.patients)} patients with most images (1%) have ${percent(top.share)}% of them`;
  return figure({
    number: page.nextFigure(),
    chart: page.chart(perPatientChart(content.perPatient)),
    caption: html`Images per patient; <span class="keep">n = ${countOf(data.patients, 'patient')}</span> with ${countOf(data.images, 'image')}. ${first}: images of one patient resemble each other, so a patient must stay in one fold.`,
  });
}

function inShort({content}: DescribedData): Html {
  const {people, perPatient: counts} = content;
  const {age, ageUnknown} = people;
  const years = (value: number): string => fixed(value, Number.isInteger(value) ? 0 : 1);
  return factList([
    ...(age === null
      ? []
      : ([
          [
            'Age, median (quartiles)',
            `${years(age.median)} (${years(age.lowerQuartile)} to ${years(age.upperQuartile)}) years`,
          ],
          ['Youngest, oldest', `${years(age.youngest)} and ${years(age.oldest)} years`],
        ] as const)),
    ['Age not known', countOf(ageUnknown, 'image')],
    ...(counts.most < 2
      ? ([['Images per patient', 'one each, so images do not depend on each other']] as const)
      : ([
          ['Images per patient', `median ${years(counts.median)}, at most ${formatCount(counts.most)}`],
          ['Patients with one image', formatCount(counts.bins.find(({to}) => to === 1)?.patients ?? 0)],
        ] as const)),
  ]);
}

function viewTable(page: Page<DescribedData>): Html {
  const {views} = page.facts.content.people;
  const {female, male} = views;
  const all = female.pa + female.ap + male.pa + male.ap;
  const cell = (images: number): Html =>
    html`<td class="right">${formatCount(images)}</td><td class="right">${percent(all === 0 ? 0 : images / all)}</td>`;
  const line = (name: string, pa: number, ap: number): Html =>
    html`<tr><th scope="row">${name}</th>${cell(pa)}${cell(ap)}${cell(pa + ap)}</tr>
`;
  const number = page.nextTable();
  return table({
    id: 'views',
    number,
    caption: html`Images by sex and view, and their share of all, %; <span class="keep">n = ${countOf(all, 'image')}</span>. ${raceRemark(page.facts)}`,
    head: html`<tr><th scope="col" rowspan="2">Sex</th>${['PA', 'AP', 'All'].map((view) => html`<th scope="colgroup" colspan="2" class="span">${view}</th>`)}</tr>
<tr>${['PA', 'AP', 'All'].map(() => html`<th scope="col" class="right">n</th><th scope="col" class="right">%</th>`)}</tr>`,
    body: html`${line('Female', female.pa, female.ap)}${line('Male', male.pa, male.ap)}`,
    foot: line('All', female.pa + male.pa, female.ap + male.ap),
  });
}

function ageTable(page: Page<DescribedData>): Html {
  const {people, perPatient: patients} = page.facts.content;
  const ages = table({
    id: 'ages',
    number: page.nextTable(),
    caption: 'Images by age in years, sex and view.',
    shape: 'fit',
    head: headRow('Age', over('Female'), over('Male'), over('PA'), over('AP'), over('Images')),
    body: people.ages.map(
      (row) =>
        html`<tr><th scope="row">${spanOf(row)}</th>${[row.female, row.male, row.pa, row.ap, row.female + row.male].map((images) => html`<td class="right">${formatCount(images)}</td>`)}</tr>
`,
    ),
  });
  const counts = table({
    id: 'per-patient-counts',
    number: page.nextTable(),
    caption: 'Patients by their number of images, and the images that these patients have together.',
    shape: 'fit',
    head: headRow('Images per patient', over('Patients'), over('Images')),
    body: patients.bins.map(
      (bin) =>
        html`<tr><th scope="row">${spanOf(bin)}</th><td class="right">${formatCount(bin.patients)}</td><td class="right">${formatCount(bin.images)}</td></tr>
`,
    ),
  });
  return html`<details><summary>Data of these figures</summary>${ages}${counts}</details>
`;
}

/** What cannot be known of these people. */
export function raceRemark({data}: DescribedData): string {
  return data.origin === 'synthetic'
    ? 'These people do not exist.'
    : 'Race is not recorded in this data set.';
}
