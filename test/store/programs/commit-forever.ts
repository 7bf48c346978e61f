import {writeFileSync} from 'node:fs';
import {join} from 'node:path';
import {expectOk, fingerprint, RUN, STAGE, STORY, storeIn} from '../workplace.js';

/** Replaces one artifact again and again by the next generation of it, until it is killed. */
const [folder, generation] = process.argv.slice(2);
const store = storeIn(folder!);
for (let count = Number(generation); ; count++) {
  const request = {stage: STAGE, fingerprint: fingerprint(), run: RUN, fresh: true};
  const attempt = expectOk(store.artifacts.begin(request));
  for (const name of ['best.pt', 'last.pt', 'history.csv', 'latest.json']) {
    writeFileSync(join(attempt.out, name), `generation ${count}\n`.repeat(5000));
    writeFileSync(join(attempt.resume, name), `generation ${count}\n`);
  }
  expectOk(await attempt.commit(STORY));
  process.stdout.write('.');
}
