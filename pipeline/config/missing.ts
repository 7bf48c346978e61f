import {statSync} from 'node:fs';
import {type Diagnostic, fault} from '../model/diagnostic.js';
import type {Json} from '../model/json.js';
import type {Origin, Stage} from '../model/stage.js';
import type {PathParam} from '../model/stage-kind.js';

type Reading = Pick<Stage, 'id' | 'member' | 'kind' | 'params' | 'origins' | 'declaredAt'>;

/** The files and folders that stages want to read and that are not there, each with how to get it. */
export function missingFiles({stages}: Readonly<{stages: Iterable<Reading>}>): readonly Diagnostic[] {
  const missing = [...stages].flatMap(missingFilesOf);
  // What all members of a matrix lack is told once.
  return [...new Map(missing.map((one) => [JSON.stringify(one), one])).values()];
}

function missingFilesOf(stage: Reading): readonly Diagnostic[] {
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
  {id, member, origins, declaredAt}: Reading,
  {key, wanted, wrong}: {key: string; wanted: PathParam; wrong: string},
): Diagnostic {
  const origin: Origin = origins.get(key) ?? {kind: 'default'};
  const message = `stages.${member?.of ?? id}.params.${key}: ${wrong}`;
  if (origin.kind === 'override') return fault(`${origin.argument}: ${message}`, null, wanted.hint);
  return fault(message, origin.kind === 'default' ? declaredAt : origin.location, wanted.hint);
}
