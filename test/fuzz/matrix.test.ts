import assert from 'node:assert/strict';
import fc from 'fast-check';
import {buildGraph} from '../../pipeline/graph/build.js';
import {drawGraph} from '../../pipeline/graph/draw.js';
import {select} from '../../pipeline/graph/select.js';
import type {Diagnostic} from '../../pipeline/model/diagnostic.js';
import {memberId, parseMember, stagesNamed, valueText} from '../../pipeline/model/member.js';
import type {RunName, StageGraph} from '../../pipeline/model/stage.js';
import {layoutOf} from '../../pipeline/store/layout.js';
import {GATHERING} from '../config/kinds.js';
import {only, withLoaded} from '../config/rig.js';
import {assertShowable} from './diagnostics.js';
import {describeFuzz} from './fuzz.js';

const text = fc.oneof(
  fc.string({unit: 'grapheme', maxLength: 12}),
  fc.constantFrom('true', 'null', '1', '1e3', '.5', 'a,b', 'a]', '[x=1]', '../w.pt', '"', '\u202e', 'none'),
  fc.string({minLength: 250, maxLength: 300}),
);
const scalar = fc.oneof(
  text,
  fc.integer(),
  fc.double({noNaN: true, noDefaultInfinity: true}),
  fc.boolean(),
  fc.constant(null),
);
const path = fc.oneof(
  fc.constantFrom(
    'epochs',
    'weights',
    'optimizer.lr',
    'optimizer.name',
    'augment',
    'augment.flip',
    'epoch',
    'optimizer',
  ),
  text,
);
const fitting = fc.record(
  {
    epochs: fc.uniqueArray(fc.integer({min: 1, max: 99}), {minLength: 1, maxLength: 4}),
    weights: fc.uniqueArray(
      text.filter((one) => one !== ''),
      {minLength: 1, maxLength: 3},
    ),
    'optimizer.lr': fc.uniqueArray(fc.double({min: 1e-9, max: 1e9, noNaN: true}), {
      minLength: 1,
      maxLength: 3,
    }),
  },
  {requiredKeys: ['epochs']},
);
const matrix = fc.oneof(
  fitting,
  fc.dictionary(path, fc.oneof(fc.array(scalar, {maxLength: 9}), scalar, fc.array(fc.array(scalar)))),
  scalar,
);
const params = fc.constantFrom({}, {epochs: 1}, {augment: 'none'}, {optimizer: {name: 'sgd'}}, 3);

describeFuzz('a configuration with any matrix', (always) => {
  always(
    'is told what is wrong, at a place, or makes stages that are told apart',
    fc.record({matrix, params}),
    (train) => {
      const stages = {
        data: {uses: 'synthesize'},
        split: {uses: 'split'},
        preprocess: {uses: 'preprocess'},
        train: {uses: 'train', ...train},
        report: {uses: 'report'},
        board: {uses: 'gather'},
      };
      const yaml = `pipeline: fuzz\nstages: ${JSON.stringify(stages)}\n`;
      withLoaded({...only(yaml), kinds: GATHERING}, (config) => {
        if (!config.ok) return assertTold(config.error, yaml);
        const graph = buildGraph(config.value);
        if (!graph.ok) return assertTold(graph.error, yaml);
        assertApart(graph.value);
      });
    },
  );

  always(
    'reads every name that it writes',
    fc.dictionary(fc.constantFrom('a', 'b.c', 'd_e'), scalar, {minKeys: 1}),
    (values) => {
      const id = memberId('stage', values);
      assertShowable(id, 4000);
      const parsed = parseMember(id)!;
      assert.equal(parsed.of, 'stage');
      assert.deepEqual(
        Object.fromEntries(parsed.values),
        Object.fromEntries(Object.entries(values).map(([key, value]) => [key, valueText(value)])),
      );
    },
  );

  always('gives different values different names', fc.tuple(scalar, scalar), ([one, other]) => {
    assert.equal(valueText(one) === valueText(other), one === other);
  });
});

function assertTold(faults: readonly Diagnostic[], yaml: string): void {
  assert.ok(faults.length > 0);
  const lines = yaml.split('\n');
  for (const {message, location} of faults) {
    assert.doesNotMatch(message, /Internal error|undefined/);
    assert.equal(location?.file, 'p.yaml', message);
    assert.ok(
      location.line >= 1 &&
        location.line <= lines.length &&
        location.column <= lines[location.line - 1]!.length,
    );
  }
}

function assertApart(graph: StageGraph): void {
  const ids = [...graph.keys()];
  const layout = layoutOf('/home');
  const files = ids.map((id) =>
    layout.runArtifact('run' as RunName, id).slice('/home/runs/run/artifacts/'.length),
  );
  assert.equal(new Set(files).size, ids.length);
  assert.ok(files.every((name) => !name.includes('/') && Buffer.byteLength(name) <= 255));
  for (const id of ids) {
    assert.deepEqual(stagesNamed(id, ids), [id]);
    const chosen = select(graph, {stages: [], only: [id], from: [], until: [], skip: []});
    assert.deepEqual(chosen.ok && [...chosen.value], [id]);
  }
  for (const {needs} of graph.values()) assert.ok(needs.every(({stage}) => graph.has(stage)));
  const trained = ids.filter((id) => id.startsWith('train['));
  assert.equal(graph.get('board' as never)!.needs.length, trained.length);
  const boxes = drawGraph(graph, 'mermaid').match(/^ {2}[\w-]+(?=\[")/gm);
  assert.equal(new Set(boxes).size, ids.length);
}
