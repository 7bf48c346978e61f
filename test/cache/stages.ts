import {z} from 'zod';
import type {JsonObject} from '../../pipeline/model/json.js';
import type {Digest, Need, Origin, Stage, StageGraph, StageId} from '../../pipeline/model/stage.js';
import type {StageKind, Work} from '../../pipeline/model/stage-kind.js';
import {digestOf} from '../../pipeline/store/sha256.js';

export const id = (name: string): StageId => name as StageId;
export const digest = (of: string): Digest => digestOf(of);

export function kind(changed: Partial<StageKind> = {}): StageKind {
  return {
    uses: 'train',
    version: 1,
    summary: '',
    inputs: [],
    output: 'model',
    params: z.custom<JsonObject>(() => true),
    paths: [
      {param: 'weights', is: 'file', hint: ''},
      {param: 'images', is: 'folder', hint: ''},
    ],
    speedOnly: ['threads'],
    slots: {},
    work: {kind: 'in-process', run: () => Promise.reject(new Error('not run here'))},
    ...changed,
  };
}

export const EXEC: Work = {kind: 'exec'};

export function stage(changed: Partial<Stage> & {name?: string} = {}): Stage {
  const {name = 'train', ...rest} = changed;
  return {
    id: id(name),
    kind: kind(),
    needs: [],
    params: {epochs: 3, optimizer: {name: 'adamw', lr: 1e-4}, threads: 2},
    files: [],
    origins: new Map<string, Origin>([
      ['epochs', at(40)],
      ['optimizer', at(41)],
      ['optimizer.lr', at(42)],
    ]),
    slots: {},
    timeoutMs: null,
    retries: 0,
    declaredAt: {file: 'full.yaml', line: 38, column: 3, length: 5},
    ...rest,
  };
}

export function at(line: number): Origin {
  return {kind: 'file', location: {file: 'full.yaml', line, column: 7, length: 4}};
}

export function need(name: string, type: Need['type']): Need {
  return {stage: id(name), type};
}

export function graphOf(...stages: readonly Stage[]): StageGraph {
  return new Map(stages.map((each) => [each.id, each])) as ReadonlyMap<StageId, Stage> as StageGraph;
}
