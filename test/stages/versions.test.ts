import assert from 'node:assert/strict';
import {createHash} from 'node:crypto';
import {readFileSync, writeFileSync} from 'node:fs';
import {join} from 'node:path';
import {canonicalJson} from '../../pipeline/model/json.js';
import {sourcesOf} from '../../pipeline/provenance/stage-sources.js';
import {stageKinds} from '../../pipeline/stages/index.js';
import {ROOT} from '../rig.js';

const FILE = join(ROOT, 'test/stages/versions.json');
type Versions = Readonly<Record<string, Readonly<{version: number; sources: string}>>>;

/**
 * The sources of a kind are not in its fingerprint. So whoever changes one decides: would the same inputs now give
 * another result? Then raise the kind's `version`. Either way run this with UPDATE_VERSIONS=1 and commit versions.json.
 */
describe('the declared versions of stages', () => {
  for (const kind of stageKinds.values()) {
    it(`${kind.uses}: nobody changed its sources without deciding about its version`, async () => {
      const sources = await sourcesOf(kind, ROOT);
      const digest = createHash('sha256').update(canonicalJson(sources)).digest('hex').slice(0, 16);
      const known = JSON.parse(readFileSync(FILE, 'utf8')) as Versions;
      const now = {version: kind.version, sources: digest};
      if (process.env['UPDATE_VERSIONS'] === '1') {
        writeFileSync(FILE, `${JSON.stringify({...known, [kind.uses]: now}, null, 2)}\n`);
        return;
      }
      const advice = `sources of ${kind.uses} changed: decide about its version, then UPDATE_VERSIONS=1 npm test`;
      assert.deepEqual(known[kind.uses], now, advice);
    });
  }
});
