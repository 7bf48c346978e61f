import type {Fingerprint, FingerprintParts} from '../model/decision.js';
import {canonicalJson, isJsonObject, type Json, type JsonObject} from '../model/json.js';
import type {Digest, Need, Stage, StageId} from '../model/stage.js';
import {digestOf} from '../store/sha256.js';

export type FingerprintRequest = Readonly<{
  stage: Stage;
  /** The output digest of every stage it needs. */
  needs: ReadonlyMap<StageId, Digest>;
  /** The content digest of every file it declares, by `DeclaredFile.param`. */
  files: Readonly<Record<string, Digest>>;
  /** Variables that the stage does not declare are left out. */
  environment: Readonly<Record<string, string | undefined>>;
}>;

/**
 * Equal for equal inputs, wherever the files lie, however the configuration is written and laid out, and whichever
 * version of the tool reads it.
 */
export function fingerprintOf(request: FingerprintRequest): Fingerprint {
  const {stage, files} = request;
  const {kind} = stage;
  const parts: FingerprintParts = {
    schema: 1,
    uses: kind.uses,
    version: kind.version,
    params: usedParams(stage),
    files,
    needs: digestsOfNeeds(request),
    environment: declaredEnvironment(request),
  };
  return {digest: digestOf(canonicalJson(parts)), parts};
}

/** What an edge is called in a fingerprint: renaming a stage changes nothing for those who find it by its type. */
export function needKey(stage: Stage, need: Need): string {
  const isOnly = stage.needs.filter(({type}) => type === need.type).length === 1;
  // What gathers tells who they are.
  const gathers = stage.kind.inputs.some(({type, many}) => type === need.type && many === true);
  return isOnly && !gathers && stage.kind.work.kind !== 'exec' ? need.type : need.stage;
}

/** Whether what the need gives is part of the fingerprint, or is only waited for. */
export function isInKey({kind}: Stage, {type}: Need): boolean {
  return kind.inputs.find((input) => input.type === type)?.inKey !== false;
}

/** What of the parameters is in the key: no paths, none that only change the speed. */
export function usedParams({kind, params}: Stage): JsonObject {
  const paths = new Set(kind.paths.map(({param}) => param));
  const left = new Set(kind.speedOnly);
  // Of the environment, the variables' names are in the key beside their values, in no particular order.
  if (kind.work.kind === 'exec') left.add('env');
  // What names no file, though it may, is a value like any other: training lists that are built in.
  return Object.fromEntries(
    Object.entries(params).filter(
      ([name, value]) => !left.has(name) && (!paths.has(name) || isJsonObject(value)),
    ),
  );
}

function digestsOfNeeds({stage, needs}: FingerprintRequest): Record<string, Digest> {
  return Object.fromEntries(
    stage.needs
      .filter((need) => isInKey(stage, need))
      .map((need) => {
        const output = needs.get(need.stage);
        if (output === undefined)
          throw new Error(`Internal error: ${stage.id} is asked about before ${need.stage}`);
        return [needKey(stage, need), output];
      }),
  );
}

function declaredEnvironment({stage, environment}: FingerprintRequest): Record<string, string | null> {
  if (stage.kind.work.kind !== 'exec') return {};
  const names = (stage.params['env'] ?? []) as readonly Json[];
  return Object.fromEntries(names.map((name) => [String(name), environment[String(name)] ?? null]));
}
