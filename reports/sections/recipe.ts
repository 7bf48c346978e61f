import {countOf, formatValue} from '../../pipeline/model/words.js';
import {headRow, table} from '../elements.js';
import type {ReportFacts, SettingFact} from '../facts.js';
import {type Html, html} from '../html.js';
import type {Page} from '../page.js';

/** The training's parameters, each with the place where it was set. */
export function recipeTable(page: Page<ReportFacts>): Html {
  const trained = page.facts.stages.find((stage) => stage.uses === 'train')?.id;
  const settings = page.facts.settings.filter((setting) => setting.path.startsWith(`${trained}.`));
  const chosen = settings.filter((setting) => setting.origin !== 'default');
  const left = settings.filter((setting) => setting.origin === 'default');
  const shown = chosen.length > 0 ? chosen : settings;
  return html`${table({
    id: 'recipe',
    number: page.nextTable(),
    caption: 'The training recipe, with the place where each value was set.',
    shape: 'fit',
    head: headRow('Setting', 'Value', 'Set in'),
    body: shown.map((setting) => settingRow(setting, `${trained}.`)),
  })}
${
  left.length === 0 || chosen.length === 0
    ? null
    : html`<details><summary>${countOf(left.length, 'setting')} left at the default</summary>${table({
        id: 'recipe-defaults',
        number: page.nextTable(),
        caption: 'Settings of the training that nobody set.',
        shape: 'fit',
        head: headRow('Setting', 'Value', 'Set in'),
        body: left.map((setting) => settingRow(setting, `${trained}.`)),
      })}</details>`
}`;
}

/** @param prefix - Part of the path that the table's caption already tells. */
export function settingRow(setting: SettingFact, prefix = ''): Html {
  const origin =
    setting.origin === null
      ? html`<span class="absent">not recorded</span>`
      : html`<code>${setting.origin}</code>`;
  return html`<tr><th scope="row"><code>${setting.path.slice(prefix.length)}</code></th><td>${setting.value === null ? 'none' : formatValue(setting.value)}</td><td>${origin}</td></tr>
`;
}
