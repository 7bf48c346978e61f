import {join} from 'node:path';
import {z} from 'zod';
import type {EnvironmentFacts, SettingFact} from '../../../reports/facts.js';
import {isJsonObject, type Json, type JsonObject} from '../../model/json.js';
import {baseOf} from '../../model/member.js';
import type {ArtifactRef} from '../../model/stage-kind.js';
import {formatBytes} from '../../model/words.js';
import {readJsonIfThere, readTextIfThere} from './read.js';

/** The configuration as resolved, YAML with the origin of each value as a comment; null when the run kept none. */
export function resolvedConfig(runFolder: string): string | null {
  return readTextIfThere(join(runFolder, 'config.resolved.yaml'));
}

/** Every parameter of the stages behind the report, in the order of the graph. */
export function settingFacts(needs: readonly ArtifactRef[], config: string | null): readonly SettingFact[] {
  const origins = config === null ? new Map<string, string>() : readOrigins(config);
  return needs.flatMap(({stage, params}) =>
    flatten(params).map(([path, value]) => ({
      path: `${stage}.${path}`,
      value,
      origin: originAt(origins, {stage: baseOf(stage), path}),
    })),
  );
}

/** What a matrix varies has its origin there. */
function originAt(
  origins: ReadonlyMap<string, string>,
  {stage, path}: {stage: string; path: string},
): string | null {
  return (
    origins.get(`stages.${stage}.params.${path}`) ?? origins.get(`stages.${stage}.matrix.${path}`) ?? null
  );
}

function flatten(params: JsonObject, prefix = ''): (readonly [string, Json])[] {
  return Object.entries(params).flatMap(([key, value]): (readonly [string, Json])[] =>
    isJsonObject(value) ? flatten(value, `${prefix}${key}.`) : [[`${prefix}${key}`, value]],
  );
}

/** By dotted path, the comment at the end of a key's line. Only for the YAML that config/describe.ts writes. */
function readOrigins(config: string): ReadonlyMap<string, string> {
  const origins = new Map<string, string>();
  const open: {indent: number; key: string}[] = [];
  for (const line of config.split('\n')) {
    const match = /^( *)([\w.-]+):(?: ('(?:[^']|'')*'|"(?:[^"\\]|\\.)*"|[^'"#\s][^#]*?))?(?: # (.*))?$/.exec(
      line,
    );
    if (match === null) continue;
    const [, indent, key, , origin] = match;
    while (open.length > 0 && open.at(-1)!.indent >= indent!.length) open.pop();
    open.push({indent: indent!.length, key: key!});
    if (origin !== undefined) origins.set(open.map((part) => part.key).join('.'), origin);
  }
  return origins;
}

const environment = z.looseObject({
  pipeline: z.string(),
  node: z.string(),
  platform: z.string(),
  architecture: z.string(),
  kernel: z.string(),
  distribution: z.string().nullable(),
  processor: z.string().nullable(),
  cores: z.number(),
  memory_bytes: z.number(),
  python: z.object({origin: z.string(), packages: z.record(z.string(), z.string()).nullable()}).nullable(),
  source: z.looseObject({commit: z.string().nullable(), uncommitted: z.boolean().nullable()}).nullish(),
});

/** Null when the run recorded none. */
export function environmentFacts(runFolder: string): EnvironmentFacts | null {
  const facts = readJsonIfThere(join(runFolder, 'environment.json'), environment);
  if (facts === null) return null;
  const {python, source} = facts;
  const patch = readTextIfThere(join(runFolder, 'source.patch'));
  return {
    rows: [
      {name: 'Pipeline', text: facts.pipeline},
      {name: 'Node.js', text: facts.node.replace(/^v/, '')},
      ...(python === null ? [] : [{name: 'Python', text: python.origin}]),
      ...packages(python?.packages ?? {}),
      {name: 'Processor', text: `${facts.processor ?? facts.architecture}, ${facts.cores} cores`},
      {name: 'Memory', text: formatBytes(facts.memory_bytes)},
      {
        name: 'System',
        text: `${facts.distribution ?? facts.platform}, ${facts.architecture}, kernel ${facts.kernel}`,
      },
    ],
    source:
      source === undefined || source === null
        ? null
        : {
            commit: source.commit,
            uncommitted: source.uncommitted === true,
            patchLines: patch === null ? 0 : patch.split('\n').length - 1,
          },
  };
}

/** The ones that results depend on. */
function packages(installed: Readonly<Record<string, string>>): {name: string; text: string}[] {
  const names = {torch: 'PyTorch', numpy: 'NumPy', scipy: 'SciPy', pyzmq: 'PyZMQ'};
  return Object.entries(names).flatMap(([key, name]) => {
    const version = installed[key];
    return version === undefined ? [] : [{name, text: version}];
  });
}
