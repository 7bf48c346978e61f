import assert from 'node:assert/strict';
import {mkdirSync, readdirSync, rmSync, writeFileSync} from 'node:fs';
import {join} from 'node:path';
import {expectOk, fingerprint, inFolder, make, RUN, STAGE, storeIn} from './workplace.js';

const {digest} = fingerprint();

describe('artifacts whose records were damaged', () => {
  it('are as good as absent when the record is not whole, and are made anew', () =>
    inFolder(async (folder) => {
      const store = storeIn(folder);
      const made = await make(store, {'best.pt': 'one'});
      const path = join(store.layout.artifact(digest), 'stage.json');
      const damages: readonly (() => void)[] = [
        () => mkdirSync(path),
        ...['', '{}', 'null', '[]', '"x"', JSON.stringify({...made, outputs: [null]})].map(
          (text) => () => writeFileSync(path, text),
        ),
      ];
      for (const damage of damages) {
        rmSync(path);
        damage();
        assert.equal(storeIn(folder).artifacts.find(digest), null);
        const again = await make(storeIn(folder), {'best.pt': 'one'});
        assert.deepEqual(storeIn(folder).artifacts.find(digest), again);
        assert.deepEqual(readdirSync(store.layout.artifacts), [digest]);
      }
    }));

  it('begin again at the first attempt when the notes of earlier ones are not whole', () =>
    inFolder((folder) => {
      const {artifacts, layout} = storeIn(folder);
      for (const text of ['{"torn', '{}', 'null', '{"attempts": [{}]}']) {
        mkdirSync(layout.resumeFolders, {recursive: true});
        writeFileSync(layout.attempts(digest), text);
        assert.equal(artifacts.resumable(digest), null);
        const request = {stage: STAGE, fingerprint: fingerprint(), run: RUN, fresh: false};
        const attempt = expectOk(artifacts.begin(request));
        assert.equal(attempt.number, 1);
        expectOk(attempt.abandon());
      }
    }));
});
