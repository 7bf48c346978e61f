import assert from 'node:assert/strict';
import {writeFileSync} from 'node:fs';
import {join} from 'node:path';
import {acquire} from '../../pipeline/stages/acquire/stage.js';
import {gatherDataCardFacts} from '../../pipeline/stages/data-card-page/facts.js';
import {dataCard} from '../../pipeline/stages/data-card-page/stage.js';
import {preprocess} from '../../pipeline/stages/preprocess/stage.js';
import {split} from '../../pipeline/stages/split/stage.js';
import {agreementOf} from '../../reports/card/agreement.js';
import {factsOf, NIH, NIH_LISTS, NIH_METADATA, needsRealData, withBench} from './rig.js';

const BOXES = join(NIH, '../nih/BBox_List_2017.csv.gz');
const ADJUDICATED = join(NIH, '../nih/google2019_nih-chest-xray-labels.csv.gz');
const NO_PICTURES = {count: 0, seed: 0};

describe('The data card of ChestX-ray14', function () {
  this.timeout(120_000);

  it('describes all 112,120 rows without an image, as they are described elsewhere', async function () {
    needsRealData(this, NIH_METADATA, BOXES, ADJUDICATED, NIH_LISTS);
    await withBench(async (bench) => {
      const tables = {metadata: NIH_METADATA, boxes: BOXES, adjudicated: ADJUDICATED};
      const dataset = await bench.run(acquire, tables);
      const lists = (fold: string): string => join(NIH_LISTS, `${fold}_list.txt.gz`);
      const method = {method: 'lists', train: lists('train'), val: lists('val'), test: lists('test')};
      const folds = await bench.run(split, method, {needs: [dataset.artifact]});
      const needs = [dataset.artifact, folds.artifact];
      const {
        content,
        data,
        adjudicated,
        split: divided,
      } = gatherDataCardFacts({
        ...{title: null, needs},
        samples: NO_PICTURES,
      });
      assert.deepEqual([data.images, data.atHand, data.patients, data.whole], [112120, 0, 30805, 112120]);
      assert.deepEqual([content.several, content.noFinding.images], [20796, 60361]);
      assert.deepEqual([content.perPatient.most, content.perPatient.median], [184, 1]);
      assert.equal(content.perPatient.top.share.toFixed(3), '0.154');
      assert.deepEqual(content.boxes, {boxes: 984, images: 880});
      const rounded = adjudicated!.labels.map((label) =>
        Object.values(agreementOf(label)).map((value) => value?.toFixed(3)),
      );
      assert.equal(adjudicated!.images, 4376);
      assert.deepEqual(rounded, [
        ['0.458', '0.458', '0.427'],
        ['0.423', '0.563', '0.413'],
        ['0.509', '0.720', '0.316'],
      ]);
      assert.equal(divided!.method, 'chexnet-lists');
      assert.equal(divided!.table1?.equal, 42);
      assert.equal(divided!.audit.find(({name}) => name === 'official-test')?.count, 17920);
      const card = await bench.run(dataCard, {}, {needs});
      assert.ok(Number(factsOf(card)['bytes']) < 1_000_000);
    });
  });

  it('shows 160 real radiographs with every finding within 2 MB', async function () {
    needsRealData(this, NIH_METADATA, BOXES, join(NIH, 'images'));
    await withBench(async (bench) => {
      const tables = {metadata: NIH_METADATA, boxes: BOXES, images: join(NIH, 'images')};
      const dataset = await bench.run(acquire, tables);
      const array = await bench.run(preprocess, {size: 256}, {needs: [dataset.artifact]});
      writeFileSync(join(array.artifact.path, 'stage.json'), JSON.stringify({summary: factsOf(array)}));
      const needs = [dataset.artifact, array.artifact];
      const facts = gatherDataCardFacts({title: null, needs, samples: {count: 24, seed: 0}});
      const shown = facts.content.samples!.shown;
      assert.equal(new Set(shown.flatMap(({findings}) => findings)).size, 14);
      assert.ok(shown.some(({findings}) => findings.length === 0));
      assert.ok(shown.filter(({boxes}) => boxes.length > 0).length >= 4);
      for (const {x, y, width, height} of shown.flatMap(({boxes}) => boxes))
        assert.ok(x >= 0 && y >= 0 && x + width <= 1 && y + height <= 1);
      const card = await bench.run(dataCard, {}, {needs});
      assert.ok(Number(factsOf(card)['bytes']) < 2_000_000);
    });
  });
});
