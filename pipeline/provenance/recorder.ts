import type {PipelineConfig} from '../config/config.js';
import type {Failure} from '../model/failure.js';
import type {Result} from '../model/result.js';
import {RUN_FILES} from '../store/layout.js';
import {readEnvironment} from './environment.js';
import type {SourceState} from './source.js';

type Python = Readonly<{executable: string; origin: string}>;

export type RecorderTools = Readonly<{
  config: PipelineConfig;
  environment: Readonly<Record<string, string | undefined>>;
  root: string;
  pythonSources: string;
  facts: Readonly<{version: string; node: string}>;
  stop: AbortSignal;
  /** Into the run's folder; tells by itself when that fails. */
  keepFile(name: string, text: string): void;
}>;

/** Writes down, once a run, what it ran on and in which state the program's source was. */
export type Recorder = Readonly<{
  preparePython(onProgress: (text: string) => void): Promise<Result<Python, Failure>>;
  record(): Promise<void>;
}>;

export function createRecorder(tools: RecorderTools): Recorder {
  let source: Promise<SourceState> | null = null;

  async function write(python: Python | null): Promise<void> {
    source ??= readSource(tools.root);
    const {facts, patch} = await source;
    const environment = {...readEnvironment({...tools.facts, python}), source: facts};
    tools.keepFile(RUN_FILES.environment, `${JSON.stringify(environment, null, 2)}\n`);
    if (patch !== '') tools.keepFile(RUN_FILES.source, patch);
  }

  async function prepare(onProgress: (text: string) => void): Promise<Result<Python, Failure>> {
    // Late, like the source: a run that skips everything loads nothing to start processes with.
    const {preparePython, pythonCacheFolder} = await import('../execute/python-environment.js');
    const python = await preparePython({
      configured: tools.config.python,
      environment: tools.environment,
      cacheFolder: pythonCacheFolder(tools.environment),
      sourceFolder: tools.pythonSources,
      onProgress,
      signal: tools.stop,
    });
    if (python.ok) await write(python.value);
    return python;
  }

  let recorded: Promise<void> | null = null;
  const record = (): Promise<void> => {
    recorded ??= write(null);
    return recorded;
  };
  return {preparePython: prepare, record};
}

/** Late: a run that skips everything loads nothing to start processes with. */
async function readSource(root: string): Promise<SourceState> {
  const {readSourceState} = await import('./source.js');
  return readSourceState(root);
}
