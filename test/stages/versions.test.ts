import assert from 'node:assert/strict';
import {createHash} from 'node:crypto';
import {existsSync, readFileSync, writeFileSync} from 'node:fs';
import {join} from 'node:path';
import {canonicalJson} from '../../pipeline/model/json.js';
import {STAGE_SOURCES, sourcesOf} from '../../pipeline/provenance/stage-sources.js';
import {stageKinds} from '../../pipeline/stages/index.js';
import {importsOf, sourceFiles} from '../project/imports.js';
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

  for (const {uses} of stageKinds.values()) {
    it(`${uses}: all that it imports, early or late, is among its sources`, () => {
      const listed = STAGE_SOURCES[uses]!;
      const isListed = (file: string): boolean =>
        listed.some((path) => file === path || file.startsWith(`${path}/`));
      const python = sourceFiles(['py/chexnet'], ['.py']).filter(isListed).flatMap(pythonImportsOf);
      const missing = [...importedFrom(fileOf(uses)), ...python].filter((file) => !isListed(file));
      assert.deepEqual([...new Set(missing)], []);
    });
  }
});

/** Of a kind as index.ts knows it. */
function fileOf(uses: string): string {
  const files = importsOf('pipeline/stages/index.ts').filter(({isPackage}) => !isPackage);
  const found = files.filter(({to}) => readFileSync(join(ROOT, to), 'utf8').includes(`uses: '${uses}',`));
  assert.equal(found.length, 1, uses);
  return found[0]!.to;
}

/** The file and all that it imports, however indirectly. */
function importedFrom(file: string): ReadonlySet<string> {
  const reached = new Set([file]);
  for (const next of reached) {
    for (const {to, isPackage} of importsOf(next)) {
      if (!isPackage && !to.startsWith('pipeline/model/')) reached.add(to);
    }
  }
  return reached;
}

/** Modules of ours, but those that only carry messages and errors. */
function pythonImportsOf(file: string): readonly string[] {
  const text = readFileSync(join(ROOT, file), 'utf8');
  return [...text.matchAll(/^\s*(?:from|import) (chexnet\.[\w.]+)/gm)]
    .map(([, module]) => `py/${module!.replaceAll('.', '/')}`)
    .map((path) => (existsSync(join(ROOT, path)) ? `${path}/__init__.py` : `${path}.py`))
    .filter((path) => !/^py\/chexnet\/(runtime\/|mistakes\.py$)/.test(path));
}
