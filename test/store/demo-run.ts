import type {News} from '../../pipeline/model/event.js';
import type {Digest, RunName, StageId} from '../../pipeline/model/stage.js';
import type {Store} from '../../pipeline/store/store.js';
import {expectOk, STAGE, storeIn, systemEffects} from './workplace.js';

export const SPLIT = 'split' as StageId;

/** A store whose clock goes on by a second each time it is asked. */
export function timedStore(folder: string): Store {
  let seconds = 0;
  const now = () => new Date(Date.UTC(2026, 0, 5, 10, 0, seconds++));
  return storeIn(folder, {...systemEffects(), now});
}

export function started(name: string): News {
  return {
    type: 'run-started',
    run: name as RunName,
    pipeline: 'demo',
    config: {file: 'demo.yaml', path: 'demo.yaml', digest: '0'.repeat(64) as Digest},
    stages: [SPLIT, STAGE],
    argv: ['run', 'demo.yaml'],
    message: null,
    tags: {},
    pid: process.pid,
    host: 'here',
  };
}

export const FINISHED: News = {type: 'run-finished', status: 'succeeded', seconds: 4};

export function ranWith(digest: Digest): News {
  const outcome = {status: 'succeeded', how: 'ran', fingerprint: digest, output: digest} as const;
  return {type: 'stage-finished', stage: STAGE, seconds: 3, outcome: {...outcome, tainted: [], summary: {}}};
}

export function addRun(store: Store, name?: string): string {
  const journal = expectOk(store.runs.create(name === undefined ? {} : {name}));
  journal.append(started(journal.name));
  journal.append(FINISHED);
  expectOk(journal.close());
  return journal.name;
}
