import {countOf, formatCount} from '../../pipeline/model/words.js';
import type {DescribedData, Sample, SampleFacts} from '../data-facts.js';
import {type Html, type HtmlValue, html} from '../html.js';
import {fixed, inTable} from '../numbers.js';
import type {Page} from '../page.js';

/** Radiographs as the model is given them, with their boxes, chosen to show as many findings as possible. */
export function sampleGrid(page: Page<DescribedData>): Html {
  const {samples, boxes} = page.facts.content;
  if (samples === null || samples.shown.length === 0)
    return html`<p>No picture is shown: ${page.facts.images === null ? 'this needs the images stage (preprocess)' : 'none was asked for'}.</p>
`;
  return html`<figure class="sheet"><ul class="samples">${samples.shown.map(film)}</ul>
<figcaption><b>${page.nextFigure()}.</b> ${caption(samples, boxes)}</figcaption></figure>
`;
}

function caption(
  {shown, of, size, side, seed}: SampleFacts,
  boxes: DescribedData['content']['boxes'],
): string {
  const scale = size === side ? '' : `, shown at ${side} × ${side}`;
  const boxed = shown.filter((one) => one.boxes.length > 0).length;
  const drawn =
    boxes.boxes === 0
      ? 'The data set has no boxes.'
      : `Frames: boxes that were drawn around findings, numbered as below each image; ${boxed} of these ${shown.length} ${boxed === 1 ? 'has' : 'have'} one, of all images ${formatCount(boxes.images)}.`;
  return `${countOf(shown.length, 'image')} of ${formatCount(of)}, from the array of ${size} × ${size} pixels that the network is given${scale}. They were chosen by seed ${seed} to show as many findings as they can: rare ones are more frequent here than in the data. ${drawn}`;
}

function film(sample: Sample): Html {
  const {image, png, findings, boxes} = sample;
  const names = findings.length === 0 ? 'No finding' : findings.map(inTable).join(', ');
  return html`<li><div class="film"><img src="data:image/png;base64,${png}" width="256" height="256" alt="Radiograph ${image}: ${names}.">${boxes.length === 0 ? null : frames(boxes)}</div><b>${names}</b><span>${boxWords(boxes)}</span><span>${stem(image)} · <span class="keep">${person(sample)}</span></span></li>
`;
}

/** In a square of 100 units; every frame has its number at a corner that is in the picture. */
function frames(boxes: Sample['boxes']): Html {
  return html`<svg viewBox="0 0 100 100" aria-hidden="true">${boxes.map((box, index) => {
    const [x, y] = [100 * box.x, 100 * box.y];
    const at = {x: Math.min(x, 92), y: y >= 9 ? y - 9 : y};
    const frame = html`x="${fixed2(x)}" y="${fixed2(y)}" width="${fixed2(100 * box.width)}" height="${fixed2(100 * box.height)}"`;
    return html`<rect class="halo" ${frame}/><rect class="frame" ${frame}/><rect class="tag" x="${fixed2(at.x)}" y="${fixed2(at.y)}" width="8" height="9"/><text x="${fixed2(at.x + 4)}" y="${fixed2(at.y + 7)}">${index + 1}</text>`;
  })}</svg>`;
}

function boxWords(boxes: Sample['boxes']): HtmlValue {
  if (boxes.length === 0) return html`<span class="absent">no box</span>`;
  return boxes.map(
    ({finding}, index) =>
      html`${index === 0 ? null : ', '}<i class="number-tag">${index + 1}</i> ${inTable(finding)}`,
  );
}

function person({sex, view, age}: Sample): string {
  return [view, sex, age === null ? 'age unknown' : `${fixed(age, 0)} y`].join(' · ');
}

function stem(image: string): string {
  return image.replace(/\.png$/, '');
}

/** Coordinates need no more than a hundredth of a per cent. */
function fixed2(value: number): string {
  return String(Number(value.toFixed(2)));
}
