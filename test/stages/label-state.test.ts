import assert from 'node:assert/strict';
import {join} from 'node:path';
import {detectLabelState} from '../../pipeline/stages/acquire/label-state.js';
import {readDataEntry} from '../../pipeline/stages/acquire/metadata.js';
import type {ImageRow} from '../../pipeline/stages/dataset.js';
import {readLists} from '../../pipeline/stages/split/lists.js';
import {NIH_LISTS, NIH_METADATA, needsRealData} from './rig.js';

const LISTS = Object.fromEntries(
  ['train', 'val', 'test'].map((name) => [name, join(NIH_LISTS, `${name}_list.txt.gz`)]),
);

describe('the state of the labels', () => {
  let rows: readonly ImageRow[] = [];
  before(function () {
    needsRealData(this as unknown as Mocha.Context, NIH_METADATA, ...Object.values(LISTS));
    const read = readDataEntry(NIH_METADATA);
    assert.ok(read.ok);
    rows = read.value.rows;
  });

  it('is C in the release of 2020', () => {
    assert.equal(detectLabelState(rows)['state'], 'C');
  });

  it('is B where the labels are corrected and follow-ups still those of the file names', () => {
    const old = rows.map((row) => ({...row, followUp: Number(row.image.slice(9, 12))}));
    assert.equal(detectLabelState(old)['state'], 'B');
  });

  it('is A where the labels are those of the lists', () => {
    const lists = readLists(LISTS);
    assert.ok(lists.ok);
    const first = new Map(lists.value.map(({image, findings}) => [image, findings!]));
    const old = rows.map((row) => ({...row, findings: first.get(row.image)!}));
    assert.equal(detectLabelState(old)['state'], 'A');
  });

  it('is not known of other counts, and not told of a part of the rows', () => {
    const other = rows.map((row) => ({...row, findings: []}));
    assert.equal(detectLabelState(other)['state'], 'unknown');
    assert.equal(detectLabelState(rows.slice(1))['state'], 'subset');
  });
});
