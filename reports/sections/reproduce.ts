import {countOf, formatBytes, formatDuration} from '../../pipeline/model/words.js';
import {headRow, over, section, table} from '../elements.js';
import type {ReportFacts, StageFacts} from '../facts.js';
import {type Html, type HtmlValue, html} from '../html.js';
import {capitalized, shortDigest, spelled} from '../numbers.js';
import type {Page} from '../page.js';
import {settingRow} from './recipe.js';

/** How to reproduce it: commands, stages with decision and reason, settings with origin, environment, digests. */
export function reproduceSection(page: Page<ReportFacts>, number: number): Html {
  const {facts} = page;
  return section({
    number,
    id: 'reproduce',
    question: 'How to reproduce it?',
    answer: answer(facts),
    body: html`<pre tabindex="0" aria-label="Commands">${commands(facts)}</pre>
<h3>What ran, and why</h3>
${stageTable(page)}
<h3>Settings</h3>
${settingsTable(page)}
${resolvedConfig(facts)}
<h3>Where it ran</h3>
${environmentTable(page)}`,
  });
}

function answer({stages, config}: ReportFacts): string {
  const ran = stages.filter((stage) => stage.action === 'run').length;
  const taken = stages.length - ran;
  const rest =
    taken === 0
      ? 'every stage was made by it'
      : `${spelled(ran)} of its ${spelled(stages.length)} stages ran in it, and ${spelled(taken)} ${taken === 1 ? 'was' : 'were'} taken from earlier runs with equal inputs`;
  return `${capitalized('one command rebuilds this run from')} ${config.file}: ${rest}.`;
}

function commands({run, environment}: ReportFacts): HtmlValue {
  const source = environment?.source ?? null;
  const checkout =
    source === null || source.commit === null
      ? null
      : html`<span class="comment"># the same source</span>
git checkout ${source.commit}${source.uncommitted ? ' && git apply source.patch' : null}

`;
  return html`${checkout}<span class="comment"># the same configuration</span>
npx pipeline ${run.argv.map(quoted).join(' ')}`;
}

/** An argument as a POSIX shell takes it. */
function quoted(argument: string): string {
  return /^[\w@%+=:,./-]+$/.test(argument) ? argument : `'${argument.replaceAll("'", `'\\''`)}'`;
}

function stageTable(page: Page<ReportFacts>): Html {
  const {facts} = page;
  return table({
    id: 'stages',
    number: page.nextTable(),
    caption:
      'Every stage with the decision that this run took and its reason. A skipped or restored stage was made by an earlier run from equal inputs. Equal output digests mean equal files.',
    shape: 'wide',
    head: headRow(
      'Stage',
      'Decision',
      'Because',
      'Made by run',
      over('Time'),
      over('Size'),
      'Fingerprint',
      'Output',
    ),
    body: facts.stages.map((stage) => stageRow(stage, facts)),
  });
}

function stageRow(stage: StageFacts, {run}: ReportFacts): Html {
  const {artifact} = stage;
  const decision = {skip: 'skipped', restore: 'restored', run: 'ran'}[stage.action];
  const made: HtmlValue =
    artifact === null
      ? html`<td>this run</td><td class="right"><span class="absent">this file</span></td><td></td><td></td><td></td>`
      : html`<td>${artifact.run === run.name ? 'this run' : artifact.run}${attempts(stage)}</td><td class="right">${formatDuration(artifact.seconds)}</td><td class="right">${formatBytes(artifact.bytes)}</td><td class="digest keep">${shortDigest(artifact.fingerprint)}</td><td class="digest keep">${shortDigest(artifact.output)}</td>`;
  return html`<tr><th scope="row">${stage.id}${stage.id === stage.uses ? null : html` <span class="unit">(${stage.uses})</span>`}</th><td>${decision}</td><td>${stage.because.map((reason, index) => (index === 0 ? reason : html`<br>${reason}`))}</td>${made}</tr>
`;
}

function attempts({artifact}: StageFacts): string | null {
  return artifact === null || artifact.attempt === 1 ? null : `, attempt ${artifact.attempt}`;
}

/** All but the training's, which stand with the recipe. */
function settingsTable(page: Page<ReportFacts>): Html {
  const {settings, stages} = page.facts;
  const trained = stages.find((stage) => stage.uses === 'train')?.id;
  const chosen = settings.filter(({path, origin}) => !path.startsWith(`${trained}.`) && origin !== 'default');
  if (chosen.length === 0)
    return html`<p>Every setting of the other stages was left at its default.</p>
`;
  return table({
    id: 'settings',
    number: page.nextTable(),
    caption: html`Settings of the other stages, with the place where each was set; those of the training stand in <a href="#recipe">its recipe</a>, those left at their default in the resolved configuration.`,
    shape: 'fit',
    head: headRow('Setting', 'Value', 'Set in'),
    body: chosen.map((setting) => settingRow(setting)),
  });
}

function resolvedConfig({config}: ReportFacts): HtmlValue {
  if (config.text === null) return null;
  return html`<details><summary>Configuration as resolved (${countOf(config.text.trimEnd().split('\n').length, 'line')})</summary><pre tabindex="0" aria-label="Configuration as resolved">${config.text}</pre></details>
`;
}

function environmentTable(page: Page<ReportFacts>): HtmlValue {
  const {environment} = page.facts;
  if (environment === null) return html`<p>The run recorded no environment.</p>`;
  const {source, rows} = environment;
  const state: HtmlValue =
    source === null || source.commit === null
      ? html`<span class="absent">not recorded</span>`
      : html`commit <span class="digest">${source.commit}</span>${source.uncommitted ? `, with ${countOf(source.patchLines, 'line')} of uncommitted changes in source.patch` : ', nothing uncommitted'}`;
  return table({
    id: 'environment',
    number: page.nextTable(),
    caption: 'Where it ran, as the run recorded it.',
    shape: 'fit',
    head: headRow('Part', 'Fact'),
    body: html`${rows.map(
      ({name, text}) => html`<tr><th scope="row">${name}</th><td>${text}</td></tr>
`,
    )}<tr><th scope="row">Source</th><td>${state}</td></tr>
`,
  });
}
