import assert from 'node:assert/strict';
import {readFileSync} from 'node:fs';
import {join} from 'node:path';
import type {AuditDocument} from '../../pipeline/stages/audit/document.js';
import {type PlanDocument, type Project, withProject} from '../rig.js';
import {dataEntry, entry} from './data.js';
import {NIH_LISTS, NIH_METADATA, needsRealData} from './rig.js';

/** Tables of sixty patients of ChestX-ray14, split as the publisher has it; no image anywhere. */
function config(params: string): string {
  return `pipeline: tables
stages:
  metadata: {uses: acquire, params: {metadata: entries.csv}}
  split: {uses: split, params: {method: official, ${params}}}
`;
}

function write(project: Project, params: string): void {
  const rows = Array.from({length: 60}, (_, index) =>
    entry(`${String(index + 1).padStart(8, '0')}_000.png`, index + 1),
  );
  project.write('entries.csv', dataEntry(rows));
  project.write('tables.yaml', config(params));
}

describe('split on the command line', function () {
  this.timeout(120_000);

  it('stops the run when the audit fails, and goes on when that is accepted by name', () =>
    withProject(async (project) => {
      write(project, 'trained_on: chexnet');
      const failed = await project.run(['run', 'tables.yaml']);
      assert.equal(failed.code, 1);
      assert.match(
        failed.stderr,
        /leakage audit: images of val or test whose patients the weights were trained on: /,
      );
      assert.match(failed.stderr, /accept it by name: accept: \[trained-on\]/);
      const kept = / in (\/\S+\/audit\.json)\n/.exec(failed.stderr)![1]!;
      assert.equal((JSON.parse(readFileSync(kept, 'utf8')) as AuditDocument).pass, false);
      write(project, 'trained_on: chexnet, accept: [trained-on]');
      const accepted = await project.run(['run', 'tables.yaml']);
      assert.equal(accepted.code, 0, accepted.stderr);
      assert.match(
        accepted.stderr,
        /accepted: Images of val or test whose patients the weights were trained on/,
      );
    }));

  it('says where a check is accepted that there is not', () =>
    withProject(async (project) => {
      write(project, 'accept: [trained_on]');
      const refused = await project.run(['run', 'tables.yaml']);
      assert.equal(refused.code, 2);
      assert.match(
        refused.stderr,
        /tables\.yaml:4:\d+: error: stages\.split\.params\.accept\.0: .*"trained_on"/,
      );
      assert.match(refused.stderr, /hint: did you mean "trained-on"\?/);
    }));

  it('runs again when another training list is named, one that is built in too', () =>
    withProject(async (project) => {
      write(project, 'accept: [trained-on]');
      await project.json(['run', 'tables.yaml']);
      write(project, 'accept: [trained-on], trained_on: chexnet');
      const plan = await project.json<PlanDocument>(['plan', 'tables.yaml']);
      const split = plan.stages.find(({id}) => id === 'split')!;
      assert.equal(split.decision, 'run');
      assert.match(split.because[0]!.text, /trained_on/);
    }));

  it('has the audit before the training, where there is one', () =>
    withProject(async (project) => {
      write(project, '');
      const text = `${config('')}  preprocess: {uses: preprocess}
  audit: {uses: audit}
  train: {uses: train, params: {epochs: 1, batch_size: 8, input: {crop: 32}, optimizer: {name: sgd, lr: 0.1}}}
`;
      project.write('tables.yaml', text);
      const plan = await project.json<PlanDocument>(['plan', 'tables.yaml']);
      const because = plan.stages.find(({id}) => id === 'train')!.because.map((reason) => reason.text);
      assert.ok(because.includes('waits for audit, which runs'), because.join('; '));
    }));

  it('makes the card and the audit of all 112,120 images from their tables alone', async function () {
    const lists = ['train', 'val', 'test'].map((fold) => join(NIH_LISTS, `${fold}_list.txt.gz`));
    needsRealData(this, NIH_METADATA, ...lists);
    await withProject(async (project) => {
      project.write(
        'full.yaml',
        `pipeline: full
stages:
  metadata: {uses: acquire, params: {metadata: ${NIH_METADATA}}}
  dataset: {uses: acquire, params: {images: nowhere/images, metadata: ${NIH_METADATA}}}
  split:
    uses: split
    needs: [metadata]
    params: {method: lists, train: ${lists[0]}, val: ${lists[1]}, test: ${lists[2]}}
  preprocess: {uses: preprocess, needs: [dataset]}
  audit: {uses: audit, needs: [dataset, split, preprocess]}
`,
      );
      const run = await project.json<PlanDocument>(['run', 'full.yaml', '--until', 'split']);
      const folder = run.stages.find(({id}) => id === 'split')!.artifact!;
      const read = (name: string): unknown => JSON.parse(readFileSync(join(folder, name), 'utf8'));
      const card = read('card.json') as {table_1: {cells_equal: number}};
      assert.equal(card.table_1.cells_equal, 42);
      const audit = read('audit.json') as AuditDocument;
      assert.equal(audit.pass, true);
      assert.equal(audit.checks.find(({name}) => name === 'official-test')!.count, 17_920);
      const rest = await project.run(['run', 'full.yaml']);
      assert.equal(rest.code, 2);
      assert.match(
        rest.stderr,
        /stages\.dataset\.params\.images: there is no file or folder .*nowhere\/images/,
      );
    });
  });
});
