import type {DataCardFacts} from '../card-facts.js';
import {factList} from '../elements.js';
import {type Html, html, jsonText} from '../html.js';

/** Which bytes these were: digests in words, and a manifest that a program can check. */
export function cardFooter({artifacts}: DataCardFacts): Html {
  const manifest = {schema: 'pipeline/manifest/v1', artifacts};
  return html`<footer>
<div class="columns">
<div><h2>Provenance</h2>
${factList(artifacts.map(({stage, type, output}) => [type === stage ? stage : `${stage} (${type})`, html`<span class="digest">${output}</span>`]))}</div>
<div><h2>Checking this file</h2>
<p>This page is a function of the artifacts named beside: the same artifacts give the same bytes. It loads nothing and needs no network. Their digests stand in it as JSON (element <code>manifest</code>), so that a program can compare them with the files.</p></div>
</div>
</footer>
<script type="application/json" id="manifest">${jsonText(manifest)}</script>
`;
}
