import {statSync} from 'node:fs';
import {type Diagnostic, fault} from '../model/diagnostic.js';
import type {Json} from '../model/json.js';
import type {Origin} from '../model/stage.js';
import type {PathParam} from '../model/stage-kind.js';
import type {PipelineConfig, StageConfig} from './config.js';

/** The files and folders that stages want to read and that are not there, each with how to get it. */
export function missingFiles(config: PipelineConfig): readonly Diagnostic[] {
  return config.stages.flatMap(missingFilesOf);
}

function missingFilesOf(stage: StageConfig): readonly Diagnostic[] {
  return stage.kind.paths.flatMap((wanted) => {
    const value: Json | undefined = stage.params[wanted.param];
    const paths = Array.isArray(value)
      ? value.map((path, index) => ({path, key: `${wanted.param}.${index}`}))
      : [];
    if (typeof value === 'string') paths.push({path: value, key: wanted.param});
    return paths.flatMap(({path, key}) => {
      const wrong = whatIsWrong(String(path), wanted.is);
      return wrong === null ? [] : [complain(stage, {key, wanted, wrong})];
    });
  });
}

function whatIsWrong(path: string, wanted: PathParam['is']): string | null {
  try {
    const found = statSync(path, {throwIfNoEntry: false});
    if (found === undefined) return `there is no ${wanted === 'either' ? 'file or folder' : wanted} ${path}`;
    if (wanted === 'folder' && !found.isDirectory()) return `${path} is a file, not a folder`;
    return wanted === 'file' && found.isDirectory() ? `${path} is a folder, not a file` : null;
  } catch (error) {
    return `${path} cannot be looked at: ${(error as NodeJS.ErrnoException).code}`;
  }
}

function complain(
  {id, origins, declaredAt}: StageConfig,
  {key, wanted, wrong}: {key: string; wanted: PathParam; wrong: string},
): Diagnostic {
  const origin: Origin = origins.get(key) ?? {kind: 'default'};
  const message = `stages.${id}.params.${key}: ${wrong}`;
  if (origin.kind === 'override') return fault(`${origin.argument}: ${message}`, null, wanted.hint);
  return fault(message, origin.kind === 'default' ? declaredAt : origin.location, wanted.hint);
}
