import {countOf, formatBytes, formatCount} from '../../pipeline/model/words.js';
import {auditFinding} from '../audit.js';
import type {DataCardFacts, FileFacts} from '../card-facts.js';
import {headRow, over, section, table} from '../elements.js';
import {type Html, type HtmlValue, html} from '../html.js';
import {capitalized, percent} from '../numbers.js';
import type {Page} from '../page.js';
import {sampleGrid} from '../sections/samples.js';

/** What the images look like, how their files are made, and which are there twice. */
export function imageSection(page: Page<DataCardFacts>, number: number): Html {
  const {facts} = page;
  return section({
    number,
    id: 'images',
    question: 'What do the images look like?',
    answer: answer(facts),
    body:
      facts.data.atHand === 0
        ? html`<p class="needs">This part needs images. Give the data set a folder or archives (parameter <code>images</code>), then it shows radiographs with their boxes, kinds of files, sizes, and which are there twice.</p>
`
        : html`${sampleGrid(page)}
<h3>Kinds of files</h3>
${kindTable(page)}
<h3>There twice</h3>
${twice(page)}`,
  });
}

function answer({data, intake}: DataCardFacts): string {
  const {files} = intake;
  if (data.atHand === 0) return 'That cannot be shown: no image is at hand.';
  const [size] = files.sizes;
  const commonest =
    size === undefined
      ? ''
      : size.images === data.atHand
        ? `, all of ${size.width} × ${size.height} pixels`
        : `, most of ${size.width} × ${size.height} pixels (${countOf(size.images, 'image')})`;
  const gray = files.modes.find(({mode}) => mode === 'L')?.images ?? 0;
  const odd = data.atHand - gray;
  const kinds =
    odd === 0
      ? 'all of them 8-bit gray'
      : `${formatCount(gray)} of them 8-bit gray and ${countOf(odd, 'other', 'others')}`;
  return `${formatBytes(files.bytes)} in ${countOf(data.atHand, 'file')}${commonest}, ${kinds}.`;
}

const KINDS: Readonly<Record<string, readonly [kind: string, what: string]>> = {
  L: ['gray', 'taken as it is'],
  LA: ['gray with opacity', 'the gray is taken'],
  RGB: ['colour', 'the first channel is taken'],
  RGBA: ['colour with opacity', 'the first channel is taken'],
  P: ['palette', 'the first channel of the palette is taken'],
  DICOM: ['DICOM', 'rescaled, windowed and inverted as its header says'],
};

/** `L16` as `16-bit gray`, and what is done with such pixels. */
function modeWords(mode: string): readonly [kind: string, what: string] {
  const [, letters, depth] = /^([A-Z]+)(\d*)$/.exec(mode) ?? [];
  const [kind, what] = KINDS[letters ?? ''] ?? [mode, 'brought to 8-bit gray'];
  if (depth === undefined || depth === '') return [mode === 'L' ? '8-bit gray' : capitalized(kind), what];
  return [`${depth}-bit ${kind}`, mode.startsWith('L') ? 'scaled to 8 bits' : `${what}, scaled to 8 bits`];
}

function kindTable(page: Page<DataCardFacts>): Html {
  const {data, intake} = page.facts;
  const line = (kind: HtmlValue, images: number, what: string): Html =>
    html`<tr><th scope="row">${kind}</th><td class="right">${formatCount(images)}</td><td class="right">${percent(images / data.atHand)}</td><td>${what}</td></tr>
`;
  return table({
    id: 'kinds',
    number: page.nextTable(),
    caption: html`Files by how their pixels are stored and by size; <span class="keep">n = ${countOf(data.atHand, 'image')}</span>, ${formatBytes(intake.files.bytes)} in all. All are resized to a square.`,
    shape: 'fit',
    head: headRow('Kind', over('Images'), over('%'), 'What is done'),
    body: html`${intake.files.modes.map(({mode, images}) => {
      const [name, what] = modeWords(mode);
      return line(
        html`${name}${name === mode ? null : html` <span class="unit">${mode}</span>`}`,
        images,
        what,
      );
    })}${sizeRows(intake.files, line)}`,
  });
}

function sizeRows(
  files: FileFacts,
  line: (kind: HtmlValue, images: number, what: string) => Html,
): HtmlValue {
  const square = (width: number, height: number): string => (width === height ? '' : 'stretched to a square');
  return [
    ...files.sizes.map(({width, height, images}) =>
      line(`Size ${width} × ${height}`, images, square(width, height)),
    ),
    ...(files.others > 0 ? [line('Other sizes', files.others, '')] : []),
    ...(files.notSquare > 0 ? [line('Not square', files.notSquare, 'stretched to a square')] : []),
    ...(files.interlaced > 0 ? [line('Interlaced', files.interlaced, 'taken as they are')] : []),
  ];
}

function twice(page: Page<DataCardFacts>): Html {
  const {intake, split} = page.facts;
  const {count, examples, file} = intake.duplicates;
  const exact =
    count === 0
      ? 'No two files have the same bytes.'
      : html`${countOf(count, 'group')} of files with the same bytes, listed in <code>${file}</code>: ${examples.map((example, index) => html`${index === 0 ? null : '; '}<span class="digest">${example}</span>`)}${count > examples.length ? ' …' : '.'}`;
  const near = split?.audit.find(({name}) => name === 'near-duplicates');
  const alike =
    near === undefined
      ? 'Images that look alike without being equal were not looked for: that needs the stage audit.'
      : html`${auditFinding(near)}. ${capitalized(near.detail)}.${near.examples.length === 0 ? null : html` <span class="digest">${near.examples.join(', ')}</span>.`}`;
  return html`<p>${exact}</p>
<p>${alike}</p>
`;
}
