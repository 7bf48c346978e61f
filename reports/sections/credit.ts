import type {DataFacts} from '../data-facts.js';
import {type Html, html} from '../html.js';

/** Licence, citation and acknowledgement, as the publisher asks for them. */
export function credit({origin, credit: source}: DataFacts): Html {
  if (origin === 'synthetic')
    return html`<p>The images were drawn by the pipeline. They show no person, and nobody’s rights are attached to them. Their files and tables have the form of ChestX-ray14.</p>
`;
  if (source === null)
    return html`<p>The data set names no source to credit.</p>
`;
  const {name, link, cite, licence} = source;
  return html`<p>${name}: <a href="${webAddress(link)}">${link.replace(/^https:\/\//, '')}</a>. ${licence} Whoever shows these results links there and cites the paper below.</p>
<p>${cite}</p>
<p>Acknowledgement, ready to use: “The radiographs are of ChestX-ray14, provided by the NIH Clinical Center (${link.replace(/^https:\/\//, '')}).”</p>
`;
}

/** An address that a reader may follow; whatever else a file claims to be one leads nowhere. */
function webAddress(link: string): string {
  return link.startsWith('https://') ? link : '#main';
}
