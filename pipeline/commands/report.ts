import {join, resolve} from 'node:path';
import {type Diagnostic, fault} from '../model/diagnostic.js';
import {EXIT, type ExitCode} from '../model/exit-code.js';
import type {Json} from '../model/json.js';
import {agree, meantStage, stagesNamed} from '../model/member.js';
import type {RunRecord} from '../model/record.js';
import {err, ok, type Result} from '../model/result.js';
import type {RunName, StageId} from '../model/stage.js';
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
  options: {run: string; member?: string; output?: string; json?: boolean},
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
  const made = onDisk(artifacts, () => artifactsOf(record.value, store.value));
  if (!made.ok) return sayFailure(shell, made.error);
  const chosen = chooseMember(made.value, options.member);
  if (!chosen.ok) {
    sayFaults(shell, [chosen.error]);
    return EXIT.usage;
  }
  const {member, others} = chosen.value;
  const {needs, title} = partsOf(made.value, member);
  const lack = lackOf(needs, name);
  if (lack !== null) {
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
  const document = {
    ...{schema: 'pipeline/report/v1', run: name, member, others},
    ...{report: path, bytes: Buffer.byteLength(page)},
  };
  if (others.length > 0 && options.member === undefined)
    shell.say(`it is of ${member}; with --member also of ${listWords(others, 'or')}\n`);
  shell.print(options.json ? `${JSON.stringify(document, null, 2)}\n` : `${path}\n`);
  return EXIT.ok;
}

function lackOf(needs: readonly ArtifactRef[], run: RunName): Diagnostic | null {
  const absent = NEEDED.filter((type) => !needs.some((need) => need.type === type));
  if (absent.length === 0) return null;
  const message = `run ${run} has no ${listWords(absent, 'or')} to report on`;
  return fault(message, null, 'run its pipeline to the end');
}

/** The artifacts that the run ended with. @throws System errors. */
function artifactsOf(record: RunRecord, store: Store): readonly ArtifactRef[] {
  return record.stages.flatMap(({id, outcome}): readonly ArtifactRef[] => {
    if (outcome?.status !== 'succeeded') return [];
    const artifact = store.artifacts.find(outcome.fingerprint);
    if (artifact === null) return [];
    const {uses, type, output, fingerprint} = artifact;
    const path = store.layout.artifact(fingerprint.digest);
    const params = fingerprint.parts.params;
    return [{stage: id, uses, type, path, output, fingerprint: fingerprint.digest, params}];
  });
}

/** `member`: what was scored, empty when nothing was; `others`: what else a report could be of. */
type Member = Readonly<{member: StageId | ''; others: readonly StageId[]}>;

/** Without a wish, the first member that was scored. */
function chooseMember(refs: readonly ArtifactRef[], wanted: string | undefined): Result<Member, Diagnostic> {
  const scored = refs.filter(({type}) => type === 'evaluation').map(({stage}) => stage);
  const ids = refs.map(({stage}) => stage);
  const named = wanted === undefined ? null : stagesNamed(wanted, ids);
  const fitting = scored.filter((id) => named?.some((stage) => agree(stage, id)) ?? true);
  const [member = ''] = fitting;
  const isOne = wanted === undefined || fitting.length === 1;
  if (isOne) return ok({member, others: scored.filter((id) => id !== member)});
  const message = `--member ${wanted} ${fitting.length === 0 ? 'was not scored in this run' : 'is not one member'}`;
  const hint = listWords(fitting.length === 0 ? scored : fitting, 'or');
  return err(fault(message, null, hint === '' ? meantStage(wanted, ids) : `name one: ${hint}`));
}

/** What belongs to the member, and the title that its report stage was given. */
function partsOf(
  refs: readonly ArtifactRef[],
  member: StageId | '',
): {needs: readonly ArtifactRef[]; title: string | null} {
  const own = refs.filter(({stage}) => agree(stage, member));
  const title: Json | undefined = own.find(({type}) => type === 'report')?.params['title'];
  return {needs: own.filter(({type}) => type !== 'report'), title: typeof title === 'string' ? title : null};
}
