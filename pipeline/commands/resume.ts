import {existsSync} from 'node:fs';
import {join, resolve} from 'node:path';
import {type Diagnostic, fault} from '../model/diagnostic.js';
import type {RunChoices} from '../model/event.js';
import {EXIT, type ExitCode} from '../model/exit-code.js';
import {stagesNamed} from '../model/member.js';
import type {RunRecord} from '../model/record.js';
import type {Artifacts} from '../store/artifacts.js';
import {RUN_FILES} from '../store/layout.js';
import type {RunRow} from '../store/runs.js';
import {sayUnreadable, stateOf, stateText} from './ls.js';
import {FORCE_ALL} from './options.js';
import {type RunOptions, runCommand} from './run.js';
import {sayFailure} from './say-failure.js';
import {sayFaults} from './say-faults.js';
import type {Shell} from './shell.js';
import {openState} from './state.js';

export type ResumeOptions = Readonly<{
  run: string;
  json?: boolean;
  dryRun?: boolean;
  wait: boolean;
  takeOver?: boolean;
  events?: 'ndjson';
}>;

/**
 * Goes on with a run that did not come to a good end: the same configuration files, changes and selection, from the
 * folder where it was started. Another run, which finds what the first one left.
 */
export async function resumeCommand(shell: Shell, options: ResumeOptions): Promise<ExitCode> {
  const store = openState(shell);
  if (!store.ok) return sayFailure(shell, store.error);
  const {runs, layout} = store.value;
  const place = runs.resolve(options.run);
  if (!place.ok) {
    sayFaults(shell, [place.error]);
    return EXIT.usage;
  }
  sayUnreadable(shell, place.value.passedOver);
  const row = runs.look(place.value);
  if (!row.ok) return sayFailure(shell, row.error);
  const {record} = row.value;
  if (record.status === 'succeeded') return sayDone(shell, record, options);
  const refusal = refusalOf(row.value, {home: layout.run(record.run)});
  if (refusal !== null) {
    sayFaults(shell, [refusal]);
    return stateOf(row.value) === 'running' ? EXIT.locked : EXIT.usage;
  }
  const choices = record.choices!;
  if (shell.verbosity >= 0) shell.say(`${announcement(row.value, choices)}\n`);
  return await runCommand(
    {...shell, folder: choices.folder, argv: record.argv},
    againOf(record, {...options, artifacts: store.value.artifacts}),
  );
}

function sayDone(shell: Shell, {run, config}: RunRecord, {json}: ResumeOptions): ExitCode {
  const text = `run ${run} succeeded: nothing of it is left to do; pipeline run ${config.file} looks for changes`;
  if (json) shell.print(`${JSON.stringify({schema: 'pipeline/resume/v1', run, resumed: false}, null, 2)}\n`);
  shell.say(`${text}\n`);
  return EXIT.ok;
}

/** Why there is nothing to go on with; null when there is. */
function refusalOf(row: RunRow, {home}: {home: string}): Diagnostic | null {
  const {record, place} = row;
  const {run, choices, config, argv, pid} = record;
  if (stateOf(row) === 'running')
    return fault(`run ${run} is running (process ${pid})`, null, `look at it: pipeline logs -f ${run}`);
  if (place.folder !== home)
    return fault(
      `run ${run} lies in another state directory: ${place.folder}`,
      null,
      'name that with --home',
    );
  if (choices === undefined) {
    const hint = `give its command again: pipeline ${argv.join(' ')}`;
    return fault(`run ${run} was kept by an older version, without what was chosen for it`, null, hint);
  }
  const gone = [config.file, ...choices.overlays].find((file) => !existsSync(resolve(choices.folder, file)));
  if (gone === undefined) return null;
  const file = resolve(choices.folder, gone);
  const hint = `as it was resolved, it is kept in ${join(place.folder, RUN_FILES.config)}`;
  return fault(`run ${run} was made of a file that is gone`, {file, line: 1, column: 1, length: 1}, hint);
}

/** `going on with run calm-carina (interrupted): pipeline run small.yaml train, in /data/study`. */
function announcement(row: RunRow, {folder}: RunChoices): string {
  const {run, argv} = row.record;
  return `going on with run ${run} (${stateText(row)}): pipeline ${argv.map(quoted).join(' ')}, in ${folder}`;
}

function quoted(word: string): string {
  return /^[\w@%+=:,./[\]-]+$/.test(word) ? word : `'${word.replaceAll("'", "'\\''")}'`;
}

/** The options of the run once more. */
function againOf(
  record: RunRecord,
  {artifacts, ...options}: ResumeOptions & {artifacts: Artifacts},
): RunOptions {
  const {overlays, sets, slots, keepGoing, jobs, stages, only, from, until, skip, agent} = record.choices!;
  return {
    ...options,
    ...{file: record.config.file, config: overlays, set: sets, slots, keepGoing},
    ...(jobs === null ? {} : {jobs}),
    ...(agent === undefined ? {} : {agent: agent.address, agentKeys: agent.keys}),
    ...{stages, only, from, until, skip, force: stillForced(record, artifacts)},
    ...(record.message === null ? {} : {message: record.message}),
    tag: record.tags,
    resumes: record.run,
  };
}

/**
 * Of what was forced, what did not get its turn, and what would otherwise be taken from an earlier run; the rest has
 * begun afresh already and goes on from there.
 */
function stillForced({choices, stages}: RunRecord, artifacts: Artifacts): readonly string[] {
  const {force} = choices!;
  const ids = stages.map(({id}) => id);
  const forced = new Set(force.includes(FORCE_ALL) ? ids : force.flatMap((name) => stagesNamed(name, ids)));
  return stages.flatMap(({id, attempts, fingerprint, outcome}) => {
    if (!forced.has(id) || outcome?.status === 'succeeded') return [];
    const isUnderWay = attempts > 0 && fingerprint !== null && artifacts.find(fingerprint) === null;
    return isUnderWay ? [] : [id];
  });
}
