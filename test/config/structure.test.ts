import assert from 'node:assert/strict';
import {added, changed, complaintsAbout, only} from './rig.js';

describe('A key that is wrong', () => {
  it('an unknown parameter near a missing one is told once', () => {
    assert.equal(
      complaintsAbout(changed('epochs', 'epoch')),
      `p.yaml:14:7: error: unknown key "epoch" in stages.train.params
  14 │       epoch: 3
     │       ^^^^^
  hint: did you mean "epochs"?
`,
    );
  });

  it('an unknown parameter in another spelling of words', () => {
    assert.equal(
      complaintsAbout(added('      Weights: none\n')),
      `p.yaml:15:7: error: unknown key "Weights" in stages.train.params
  15 │       Weights: none
     │       ^^^^^^^
  hint: did you mean "weights"?
`,
    );
  });

  it('an unknown key that is near nothing', () => {
    assert.equal(
      complaintsAbout(added('color: red\n')),
      `p.yaml:15:1: error: unknown key "color" in the configuration
  15 │ color: red
     │ ^^^^^
  hint: known are pipeline, python, slots, stages
`,
    );
  });

  it('an unknown key of a stage', () => {
    assert.equal(
      complaintsAbout(changed('    params:\n      images', '    parms: {}\n    params:\n      images')),
      `p.yaml:5:5: error: unknown key "parms" in stages.data
  5 │     parms: {}
    │     ^^^^^
  hint: did you mean "params"?
`,
    );
  });

  it('a missing name', () => {
    assert.equal(
      complaintsAbout(changed('pipeline: demo\n', '')),
      `p.yaml:1:1: error: missing key "pipeline" in the configuration
  1 │ stages:
    │ ^
  hint: it is text
`,
    );
  });

  it('a misspelt top-level key', () => {
    assert.equal(
      complaintsAbout(changed('pipeline: demo', 'pipline: demo')),
      `p.yaml:1:1: error: unknown key "pipline" in the configuration
  1 │ pipline: demo
    │ ^^^^^^^
  hint: did you mean "pipeline"?
`,
    );
  });

  it('no stages', () => {
    assert.equal(
      complaintsAbout(only('pipeline: x\n')),
      `p.yaml:1:1: error: missing key "stages" in the configuration
  1 │ pipeline: x
    │ ^
  hint: it is a map
`,
    );
  });

  it('an empty map of stages', () => {
    assert.equal(
      complaintsAbout(only('pipeline: x\nstages: {}\n')),
      `p.yaml:2:9: error: stages: a pipeline needs at least one stage
  2 │ stages: {}
    │         ^^
`,
    );
  });

  it('nothing after stages', () => {
    assert.equal(
      complaintsAbout(only('pipeline: x\nstages:\n')),
      `p.yaml:2:1: error: stages: expected a map, found nothing
  2 │ stages:
    │ ^^^^^^
`,
    );
  });

  it('a list of stages', () => {
    assert.equal(
      complaintsAbout(only('pipeline: x\nstages: [a]\n')),
      `p.yaml:2:9: error: stages: expected a map, found a list
  2 │ stages: [a]
    │         ^^^
`,
    );
  });

  it('a stage that is a word', () => {
    assert.equal(
      complaintsAbout(only('pipeline: x\nstages:\n  train: train\n')),
      `p.yaml:3:10: error: stages.train: expected a map, found "train"
  3 │   train: train
    │          ^^^^^
  hint: write its keys below it, each with a value: "key: value"
`,
    );
  });

  it('a stage without its kind', () => {
    assert.equal(
      complaintsAbout(changed('    uses: train\n', '')),
      `p.yaml:11:3: error: missing key "uses" in stages.train
  11 │   train:
     │   ^^^^^
  hint: it is synthesize, acquire, split, preprocess, train, report or exec
`,
    );
  });

  it('an unknown kind of stage', () => {
    assert.equal(
      complaintsAbout(changed('uses: train', 'uses: trian')),
      `p.yaml:12:11: error: stages.train.uses: expected synthesize, acquire, split, preprocess, train, report or exec, found "trian"
  12 │     uses: trian
     │           ^^^^^
  hint: did you mean "train"?
`,
    );
  });

  it('a missing parameter of a stage without parameters', () => {
    assert.equal(
      complaintsAbout(changed('    params:\n      epochs: 3\n', '')),
      `p.yaml:11:3: error: missing key "epochs" in stages.train.params
  11 │   train:
     │   ^^^^^
  hint: it is a whole number
`,
    );
  });

  it('a name of a stage with other characters', () => {
    assert.equal(
      complaintsAbout(changed('  train:', '  Train_1:')),
      `p.yaml:11:3: error: "Train_1": the name of a stage is lower-case letters, digits and -, and begins with a letter
  11 │   Train_1:
     │   ^^^^^^^
`,
    );
  });

  it('a name of a pipeline that could not name a file', () => {
    assert.equal(
      complaintsAbout(changed('pipeline: demo', 'pipeline: a/b')),
      `p.yaml:1:11: error: pipeline: the name of a pipeline is letters, digits, ".", - and _, found "a/b"
  1 │ pipeline: a/b
    │           ^^^
`,
    );
  });

  it('needs that are no list', () => {
    assert.equal(
      complaintsAbout(changed('uses: train', 'uses: train\n    needs: data')),
      `p.yaml:13:12: error: stages.train.needs: expected a list, found "data"
  13 │     needs: data
     │            ^^^^
  hint: write a list: [data]
`,
    );
  });

  it('a time that cannot be read', () => {
    assert.equal(
      complaintsAbout(changed('uses: train', 'uses: train\n    timeout: 5 min')),
      `p.yaml:13:14: error: stages.train.timeout: expected seconds, or a time such as 90s, 15m or 2h, found "5 min"
  13 │     timeout: 5 min
     │              ^^^^^
`,
    );
  });

  it('a time of nothing', () => {
    assert.equal(
      complaintsAbout(changed('uses: train', 'uses: train\n    timeout: 0')),
      `p.yaml:13:14: error: stages.train.timeout: must be more than 0, found 0
  13 │     timeout: 0
     │              ^
`,
    );
  });

  it('a negative number of retries', () => {
    assert.equal(
      complaintsAbout(changed('uses: train', 'uses: train\n    retries: -1')),
      `p.yaml:13:14: error: stages.train.retries: must be 0 or more, found -1
  13 │     retries: -1
     │              ^^
`,
    );
  });

  it('a slot in capitals', () => {
    assert.equal(
      complaintsAbout(changed('uses: train', 'uses: train\n    slots: {GPU: 1}')),
      `p.yaml:13:13: error: "GPU": the name of a slot is lower-case letters, digits, - and _
  13 │     slots: {GPU: 1}
     │             ^^^
`,
    );
  });

  it('many mistakes at once, edges among them, in the order of the file', () => {
    assert.equal(
      complaintsAbout(
        only(`pipline: demo
stages:
  a:
    uses: synth
  b:
    uses: train
    parms: {}
    params:
      epochs: -1
      lr: 3
  c:
    uses: exec
    needs: [d, e]
    params: {command: x}
  d:
    uses: exec
    needs: [c]
    params: {command: x}
`),
      ),
      `p.yaml:1:1: error: unknown key "pipline" in the configuration
  1 │ pipline: demo
    │ ^^^^^^^
  hint: did you mean "pipeline"?

p.yaml:4:11: error: stages.a.uses: expected synthesize, acquire, split, preprocess, train, report or exec, found "synth"
  4 │     uses: synth
    │           ^^^^^

p.yaml:7:5: error: unknown key "parms" in stages.b
  7 │     parms: {}
    │     ^^^^^
  hint: did you mean "params"?

p.yaml:9:15: error: stages.b.params.epochs: must be 1 or more, found -1
  9 │       epochs: -1
    │               ^^

p.yaml:10:7: error: unknown key "lr" in stages.b.params
  10 │       lr: 3
     │       ^^
  hint: known are epochs, deterministic, weights, augment, optimizer

p.yaml:13:13: error: stages need one another: c → d → c
  13 │     needs: [d, e]
     │             ^
  hint: take one of these names out of its needs
  p.yaml:17:13: "d" needs "c"
  17 │     needs: [c]
     │             ^

p.yaml:13:16: error: stages.c.needs: there is no stage "e"
  13 │     needs: [d, e]
     │                ^
  hint: known are d, a, b

7 errors
`,
    );
  });
});
