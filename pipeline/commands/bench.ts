import {readFileSync, writeFileSync} from 'node:fs';
import {join, resolve} from 'node:path';
import {benchRecord, cropsPerImage} from '../bench/build.js';
import {type PowerMeter, readDriver, startPowerMeter} from '../bench/device-tool.js';
import {measure} from '../bench/measure.js';
import {BENCH_FILE, type BenchRecord} from '../bench/record.js';
import {type BenchChoices, syntheticSettings, trainSettings} from '../bench/settings.js';
import {type Made, workOf} from '../bench/work.js';
import {factsOf} from '../compare/bench-text.js';
import {type Diagnostic, fault} from '../model/diagnostic.js';
import type {Event} from '../model/event.js';
import {EXIT, type ExitCode} from '../model/exit-code.js';
import type {JobEvent} from '../model/job-event.js';
import type {JsonObject} from '../model/json.js';
import {err, ok, type Result} from '../model/result.js';
import {didYouMean} from '../model/spelling.js';
import type {Stage, StageId} from '../model/stage.js';
import {listWords} from '../model/words.js';
import {TRAIN_PRESETS} from '../stages/train-presets.js';
import {RUN_FILES} from '../store/layout.js';
import {isSystemError, onDisk, systemFailure} from '../store/on-disk.js';
import {chosenAgent} from './agent-place.js';
import {loadPipeline} from './load.js';
import type {ConfigOptions} from './options.js';
import {ROOT} from './places.js';
import {exitCodeOfRun, type Ran, type RunOptions, runAndShow} from './run.js';
import {sayFailure} from './say-failure.js';
import {sayFaults} from './say-faults.js';
import type {Shell} from './shell.js';
import {runDocument} from './show.js';
import {openState} from './state.js';
import {table} from './table.js';

export type BenchTrainOptions = ConfigOptions &
  BenchChoices &
  Readonly<{
    preset?: string;
    data?: string;
    stage?: string;
    output?: string;
    wait: boolean;
    json?: boolean;
  }>;

/** Without data, so many synthetic images. */
const DEFAULT_IMAGES = 15_000;

/** Trains once on this machine's device, however up to date the model is, and records how long what took. */
export async function benchTrainCommand(shell: Shell, options: BenchTrainOptions): Promise<ExitCode> {
  const chosen = chooseTraining(shell, options);
  if (!chosen.ok) {
    sayFaults(shell, chosen.error);
    return EXIT.usage;
  }
  const {id, run} = chosen.value;
  const watch = watchTraining(shell, id);
  const ran = await runAndShow(shell, run, watch.receive);
  watch.stop();
  if (typeof ran === 'number') return ran;
  const code = exitCodeOfRun(ran.end);
  if (code !== EXIT.ok) {
    if (shell.json) shell.print(`${JSON.stringify(documentOf(ran), null, 2)}\n`);
    return code;
  }
  const record = await describe(shell, {id, ran, ...watch.seen});
  if (!record.ok) {
    sayFaults(shell, record.error);
    return EXIT.stageFailed;
  }
  return deliver(shell, {record: record.value, folder: ran.end.folder, output: options.output});
}

type Training = Readonly<{id: StageId; run: RunOptions}>;

/** Which training, with which settings. */
function chooseTraining(shell: Shell, options: BenchTrainOptions): Result<Training, readonly Diagnostic[]> {
  const {address} = chosenAgent(shell, {});
  if (address !== '') return err([isElsewhere(address)]);
  const file = configurationOf(shell, options.data);
  if (!file.ok) return err([file.error]);
  const loaded = loadPipeline(shell, {...options, file: file.value});
  if (!loaded.ok) return loaded;
  const trainings = [...loaded.value.graph.values()].filter(({kind}) => kind.uses === 'train');
  const stage = stageOf(trainings, {wanted: options.stage, file: file.value});
  if (!stage.ok) return err([stage.error]);
  const {id} = stage.value;
  const images = options.images ?? (options.data === undefined ? DEFAULT_IMAGES : undefined);
  const preset = presetOf(options.preset);
  if (!preset.ok) return err([preset.error]);
  const set = [
    ...(options.data === undefined ? syntheticSettings(images!) : []),
    ...trainSettings(id, {...options, ...(images === undefined ? {} : {images})}, preset.value),
    ...options.set,
  ];
  const run: RunOptions = {
    ...{file: file.value, stages: [id], config: options.config, set, only: [], from: [], until: [], skip: []},
    ...{force: [id], slots: {}, tag: {}, wait: options.wait, message: 'bench train'},
  };
  return ok({id, run});
}

function isElsewhere(agent: string): Diagnostic {
  const hint = 'here: PIPELINE_AGENT= pipeline bench train; or give the command on that machine';
  return fault(
    `bench train measures this machine, and PIPELINE_AGENT=${agent} names another one`,
    null,
    hint,
  );
}

/** A file as it is, of a run what it ran with, and else the one that comes with the program. */
function configurationOf(shell: Shell, data: string | undefined): Result<string, Diagnostic> {
  if (data === undefined) return ok(join(ROOT, 'configs/bench-synthetic.yaml'));
  if (/\.ya?ml$/.test(data)) return ok(data);
  const store = openState(shell);
  const found = store.ok ? store.value.runs.resolve(data) : null;
  if (found?.ok === true) return ok(join(found.value.folder, RUN_FILES.config));
  const message = `--data ${data} is neither a configuration nor a run`;
  return err(found?.ok === false ? {...found.error, message} : fault(message, null));
}

function stageOf(
  trainings: readonly Stage[],
  {wanted, file}: Readonly<{wanted: string | undefined; file: string}>,
): Result<Stage, Diagnostic> {
  const ids = trainings.map(({id}) => id);
  const found =
    wanted === undefined && ids.length === 1 ? trainings[0] : trainings.find(({id}) => id === wanted);
  if (found?.member !== undefined) {
    const hint = 'measure a training that stands alone, with -S for its values';
    return err(
      fault(`${found.id} is one of a matrix, whose members have no settings of their own`, null, hint),
    );
  }
  if (found !== undefined) return ok(found);
  if (ids.length === 0) return err(fault(`${file} has no stage that trains`, null));
  const [message, hint] =
    wanted === undefined
      ? [`${file} has ${ids.length} stages that train`, `name one with --stage: ${listWords(ids, 'or')}`]
      : [
          `--stage: ${file} has no training '${wanted}'`,
          didYouMean(wanted, ids) ?? `it has ${listWords(ids)}`,
        ];
  return err(fault(message, null, hint));
}

function presetOf(
  name: string | undefined,
): Result<Readonly<{name: string; values: JsonObject}> | null, Diagnostic> {
  if (name === undefined) return ok(null);
  const values = TRAIN_PRESETS.get(name);
  if (values !== undefined) return ok({name, values});
  const names = [...TRAIN_PRESETS.keys()];
  return err(fault(`--preset: there is no '${name}'`, null, didYouMean(name, names) ?? listWords(names)));
}

type Seen = Readonly<{events: readonly JobEvent[]; energy: BenchRecord['energy']}>;

/** Collects what the training tells of itself, and what its devices draw from the first news of them to the last step. */
function watchTraining(
  shell: Shell,
  id: StageId,
): {receive(event: Event): void; stop(): void; readonly seen: Seen} {
  const events: JobEvent[] = [];
  let meter: PowerMeter | null = null;
  let energy: BenchRecord['energy'];
  const stop = (): void => {
    energy ??= meter?.read();
    meter?.stop();
  };
  return {
    receive: (event) => {
      if (event.type !== 'job-event' || event.stage !== id) return;
      events.push(event.event);
      const {event: news} = event;
      if (news.type === 'device')
        meter = startPowerMeter({device: news.name, devices: news.ranks, everyMs: 1000}, shell.environment);
      else if (news.type === 'progress' && news.unit === 'steps' && news.done === news.total) stop();
    },
    stop,
    get seen() {
      return {events, energy};
    },
  };
}

async function describe(
  shell: Shell,
  {id, ran, events, energy}: Seen & Readonly<{id: StageId; ran: Ran}>,
): Promise<Result<BenchRecord, readonly Diagnostic[]>> {
  const {end, store, graph} = ran;
  const stage = graph.get(id)!;
  const measured = measure(events, {cropsPerImage: cropsPerImage(stage.params)});
  if (!measured.ok) return err([fault(measured.error, null, 'run the command again')]);
  const needs = new Map(
    stage.needs.map(({stage: need, type}): [typeof type, Made] => {
      const record = end.settled.get(need)!.record!;
      return [type, {record, folder: store.layout.artifact(record.fingerprint.digest)}];
    }),
  );
  const work = workOf(end.settled.get(id)!.record!, needs);
  if (!work.ok) return err([work.error]);
  const file = join(end.folder, RUN_FILES.environment);
  const environment = onDisk(file, () => JSON.parse(readFileSync(file, 'utf8')) as JsonObject);
  if (!environment.ok) return err([fault('what the run ran on was not kept', null, `there is no ${file}`)]);
  return benchRecord({
    ...{finishedAt: end.record.finishedAt!, run: end.record.run, host: shell.host, version: shell.version},
    ...{environment: environment.value, work: work.value, params: stage.params, measured: measured.value},
    ...{driver: await readDriver(measured.value.device.name, shell.environment), energy},
  });
}

/** Of a run that was no measurement, what `run --json` would print. */
function documentOf({end, store}: Ran): JsonObject {
  return runDocument({record: end.record, folder: end.folder, store, state: end.record.status});
}

/** Into the folder of the run, where compare finds it, and where else it is wanted. */
function deliver(
  shell: Shell,
  {record, folder, output}: Readonly<{record: BenchRecord; folder: string; output: string | undefined}>,
): ExitCode {
  const text = `${JSON.stringify(record, null, 1)}\n`;
  const wanted = output === undefined ? [] : [resolve(shell.folder, output)];
  for (const path of [join(folder, BENCH_FILE), ...wanted]) {
    try {
      writeFileSync(path, text);
    } catch (error) {
      if (!isSystemError(error)) throw error;
      return sayFailure(shell, systemFailure(error, path));
    }
  }
  shell.print(shell.json ? text : table([], factsOf(record)));
  shell.say(`record: ${wanted[0] ?? join(folder, BENCH_FILE)}\n`);
  return EXIT.ok;
}
