import assert from 'node:assert/strict';
import {mkdirSync, readFileSync, writeFileSync} from 'node:fs';
import {basename, join} from 'node:path';
import {gunzipSync} from 'node:zlib';
import type {JsonObject} from '../../pipeline/model/json.js';
import type {AuditDocument} from '../../pipeline/stages/audit/document.js';
import {type Project, ROOT, withProject} from '../rig.js';
import {NIH_LISTS, NIH_METADATA, needsRealData} from '../stages/rig.js';
import {type RunDocument, stageOf} from './small.js';

const FULL = join(ROOT, 'configs/full.yaml');
const BOXES = join(NIH_METADATA, '../BBox_List_2017.csv.gz');
const LISTS = ['train', 'val', 'test'].map((fold) => join(NIH_LISTS, `${fold}_list.txt.gz`));
const ORIGIN_LISTS = join(ROOT, 'configs/origin-lists.yaml');

/** A folder with the real tables and lists as their publishers have them, and no image. */
function tablesIn(project: Project): Readonly<Record<string, string>> {
  const folder = join(project.folder, 'nih');
  mkdirSync(join(folder, 'lists'), {recursive: true});
  const unpack = (file: string, to: string): void =>
    writeFileSync(join(folder, to, basename(file, '.gz')), gunzipSync(readFileSync(file)));
  for (const file of [NIH_METADATA, BOXES]) unpack(file, '');
  for (const list of LISTS) unpack(list, 'lists');
  return {NIH_DATA_DIR: folder};
}

describe('the configuration of all images, with the tables alone', function () {
  this.timeout(120_000);
  before(function () {
    needsRealData(this, NIH_METADATA, BOXES, ...LISTS);
  });

  it('splits and audits them, by the built-in folds and by the lists of the origin alike', () =>
    withProject(async (project) => {
      const environment = tablesIn(project);
      const artifacts: string[] = [];
      for (const overlay of [[], ['-c', ORIGIN_LISTS]]) {
        const args = ['run', FULL, ...overlay, '--until', 'split'];
        const run = await project.json<RunDocument>(args, {environment});
        const split = stageOf(run, 'split');
        assert.equal(split.state, 'succeeded');
        artifacts.push(split.artifact!);
      }
      const [builtIn, lists] = artifacts.map((folder) => (name: string) => readFileSync(join(folder, name)));
      assert.ok(builtIn!('folds.csv').equals(lists!('folds.csv')));
      for (const read of [builtIn!, lists!]) {
        const card = JSON.parse(read('card.json').toString()) as JsonObject;
        const table = card['table_1'] as JsonObject;
        assert.deepEqual([table['cells_equal'], table['of'], table['with_metadata_labels']], [42, 42, 39]);
        const audit = JSON.parse(read('audit.json').toString()) as AuditDocument;
        assert.ok(audit.pass);
        const official = audit.checks.find(({name}) => name === 'official-test')!;
        assert.deepEqual([official.count, official.of], [17_920, 25_596]);
      }
    }));

  it('says which images are missing, when no stage needs them and when one does', () =>
    withProject(async (project) => {
      const environment = tablesIn(project);
      const split = await project.run(['run', FULL, '--until', 'split'], {environment});
      assert.equal(split.code, 0);
      assert.match(split.stderr, /dataset +would lack \/.*\/nih\/images, which is not there\n/);
      const refused = await project.run(['run', FULL, '--until', 'preprocess'], {environment});
      assert.equal(refused.code, 2);
      assert.match(refused.stderr, /params\.images: there is no file or folder .*\/nih\/images\n/);
      mkdirSync(join(environment['NIH_DATA_DIR']!, 'images'));
      const failed = await project.run(['run', FULL, '--until', 'preprocess'], {environment});
      assert.equal(failed.code, 1);
      assert.match(failed.stderr, /error: there is no image in .*nih\/images\n/);
      assert.match(failed.stderr, /-c configs\/download\.yaml/);
    }));
});
