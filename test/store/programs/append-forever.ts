import type {Digest, RunName, StageId} from '../../../pipeline/model/stage.js';
import {expectOk, storeIn} from '../workplace.js';

/** Starts a run and tells what it does, without end. */
const [folder, name] = process.argv.slice(2);
const journal = expectOk(storeIn(folder!).runs.create({name: name!}));
journal.append({
  type: 'run-started',
  run: name as RunName,
  pipeline: 'demo',
  config: {file: 'demo.yaml', path: 'demo.yaml', digest: '0'.repeat(64) as Digest},
  stages: ['train' as StageId],
  argv: ['run', 'demo.yaml'],
  message: null,
  tags: {},
  pid: process.pid,
  host: 'here',
});
process.stdout.write('.');
for (let done = 0; ; done++) {
  journal.append({type: 'stage-progress', stage: 'train' as StageId, done, total: null, unit: 'images'});
}
