import {join, resolve} from 'node:path';
import {fault} from '../model/diagnostic.js';
import {EXIT, type ExitCode} from '../model/exit-code.js';
import type {Json} from '../model/json.js';
import {agree} from '../model/member.js';
import type {RunRecord} from '../model/record.js';
import type {ArtifactRef, ArtifactType} from '../model/stage-kind.js';
import {listWords} from '../model/words.js';
import {RUN_FILES} from '../store/layout.js';
import {onDisk} from '../store/on-disk.js';
import type {Store} from '../store/store.js';
import {writeWhole} from '../store/write-file.js';
import {sayUnreadable} from './ls.js';
import {sayFailure} from './say-failure.js';
import {sayFaults} from './say-faults.js';
import type {Shell} from './shell.js';
import {openState} from './state.js';

/** What a report is made of; a run that has not come so far has none. */
const NEEDED: readonly ArtifactType[] = ['dataset', 'folds', 'images', 'model', 'evaluation'];

/** Writes the report of any run again, from its record and its artifacts alone. */
export async function reportCommand(
  shell: Shell,
  options: {run: string; output?: string; json?: boolean},
): Promise<ExitCode> {
  const store = openState(shell);
  if (!store.ok) return sayFailure(shell, store.error);
  const place = store.value.runs.resolve(options.run);
  if (!place.ok) {
    sayFaults(shell, [place.error]);
    return EXIT.usage;
  }
  sayUnreadable(shell, place.value.passedOver);
  const {name, folder} = place.value;
  const record = store.value.runs.read(place.value);
  if (!record.ok) return sayFailure(shell, record.error);
  const {artifacts} = store.value.layout;
  const parts = onDisk(artifacts, () => partsOf(record.value, store.value));
  if (!parts.ok) return sayFailure(shell, parts.error);
  const {needs, title} = parts.value;
  const absent = NEEDED.filter((type) => !needs.some((need) => need.type === type));
  if (absent.length > 0) {
    const lack = fault(
      `run ${name} has no ${listWords(absent, 'or')} to report on`,
      null,
      'run its pipeline to the end',
    );
    sayFaults(shell, [lack]);
    return EXIT.stageFailed;
  }
  const [{gatherReportFacts}, {renderPage}] = await Promise.all([
    import('../stages/report/facts.js'),
    import('../stages/report/page.js'),
  ]);
  const gathered = onDisk(artifacts, () => gatherReportFacts({title, needs, runFolder: folder}));
  if (!gathered.ok) return sayFailure(shell, gathered.error);
  const page = renderPage(gathered.value);
  const path = resolve(shell.folder, options.output ?? join(folder, RUN_FILES.report));
  const written = onDisk(path, () => writeWhole(path, page, {durable: false}));
  if (!written.ok) return sayFailure(shell, written.error);
  const document = {schema: 'pipeline/report/v1', run: name, report: path, bytes: Buffer.byteLength(page)};
  shell.print(options.json ? `${JSON.stringify(document, null, 2)}\n` : `${path}\n`);
  return EXIT.ok;
}

/** The artifacts that the run ended with, and the title that its report stage was given. */
function partsOf(record: RunRecord, store: Store): {needs: readonly ArtifactRef[]; title: string | null} {
  const refs = record.stages.flatMap(({id, outcome}): readonly ArtifactRef[] => {
    if (outcome?.status !== 'succeeded') return [];
    const artifact = store.artifacts.find(outcome.fingerprint);
    if (artifact === null) return [];
    const {uses, type, output, fingerprint} = artifact;
    const path = store.layout.artifact(fingerprint.digest);
    const params = fingerprint.parts.params;
    return [{stage: id, uses, type, path, output, fingerprint: fingerprint.digest, params}];
  });
  // Of a matrix, what belongs to the first member that was scored.
  const scored = refs.find(({type}) => type === 'evaluation')?.stage ?? '';
  const needs = refs.filter(({stage, type}) => type !== 'report' && agree(stage, scored));
  const title: Json | undefined = refs.find(({type}) => type === 'report')?.params['title'];
  return {needs, title: typeof title === 'string' ? title : null};
}
