import {factList} from './elements.js';
import type {ReportFacts} from './facts.js';
import {type Html, html, jsonText} from './html.js';
import {shortDigest} from './numbers.js';
import {scoredFold} from './scored.js';

/** Which bytes these were: digests in words, and a manifest that a program can check. */
export function footer(facts: ReportFacts): Html {
  const fold = scoredFold(facts.evaluation);
  const digest = (value: string): Html => html`<span class="digest">${value}</span>`;
  return html`<footer>
<div class="columns">
<div><h2>Provenance</h2>
${factList([
  ['Run', facts.run.name],
  ['Configuration', digest(facts.config.digest)],
  ['Scored images', digest(fold.digests.images)],
  ['With labels', digest(fold.digests.labels)],
])}</div>
<div><h2>Checking this file</h2>
<p>This page is a function of the run’s records: the same records give the same bytes. It loads nothing and needs no network. The digests of all artifacts stand in it as JSON (element <code>manifest</code>), so that a program can compare them with the files. Runs may be compared only where the digests of scored images and labels are equal (here ${digest(shortDigest(fold.digests.labels))}).</p></div>
</div>
</footer>
<script type="application/json" id="manifest">${jsonText(manifest(facts))}</script>
`;
}

function manifest(facts: ReportFacts): unknown {
  const {run, config, evaluation, stages} = facts;
  const fold = scoredFold(evaluation);
  return {
    schema: 'pipeline/manifest/v1',
    run: run.name,
    pipeline: run.pipeline,
    startedAt: run.startedAt,
    config: {file: config.file, digest: config.digest},
    scored: {fold: fold.fold, ...fold.digests},
    artifacts: stages.flatMap(({id, uses, artifact}) =>
      artifact === null
        ? []
        : [
            {
              stage: id,
              uses,
              type: artifact.type,
              fingerprint: artifact.fingerprint,
              output: artifact.output,
            },
          ],
    ),
  };
}
