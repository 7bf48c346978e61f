import assert from 'node:assert/strict';
import {added, changed, complaintsAbout} from './rig.js';

describe('An argument -S that is wrong', () => {
  it('no equals sign', () => {
    assert.equal(
      complaintsAbout({...added(''), sets: ['train.epochs']}),
      `error: -S train.epochs: there is no "="
  hint: write -S path=value, for example -S train.epochs=5
`,
    );
  });

  it('no path', () => {
    assert.equal(
      complaintsAbout({...added(''), sets: ['=3']}),
      `error: -S =3: the path is not complete
  hint: write -S path=value, for example -S train.epochs=5
`,
    );
  });

  it('a path with a gap', () => {
    assert.equal(
      complaintsAbout({...added(''), sets: ['train..epochs=1']}),
      `error: -S train..epochs=1: the path is not complete
  hint: write -S path=value, for example -S train.epochs=5
`,
    );
  });

  it('an unknown stage', () => {
    assert.equal(
      complaintsAbout({...added(''), sets: ['tran.epochs=1']}),
      `error: -S tran.epochs=1: "tran" is neither a stage nor a key of the configuration
  hint: did you mean "train"?
`,
    );
  });

  it('an unknown stage by its full path', () => {
    assert.equal(
      complaintsAbout({...added(''), sets: ['stages.tran.params.epochs=1']}),
      `error: -S stages.tran.params.epochs=1: there is no stage "tran"
  hint: did you mean "train"?
`,
    );
  });

  it('a first word that is near nothing', () => {
    assert.equal(
      complaintsAbout({...added(''), sets: ['foo=1']}),
      `error: -S foo=1: "foo" is neither a stage nor a key of the configuration
  hint: known are data, split, preprocess, train, pipeline, python, slots, stages
`,
    );
  });

  it('a stage without a parameter', () => {
    assert.equal(
      complaintsAbout({...added(''), sets: ['train=1']}),
      `error: -S train=1: "train" is a stage
  hint: name one of its parameters: -S train.parameter=value
`,
    );
  });

  it('all stages', () => {
    assert.equal(
      complaintsAbout({...added(''), sets: ['stages=1']}),
      `error: -S stages=1: the stages are not replaced as a whole
  hint: lay a file over the configuration: -c overlay.yaml
`,
    );
  });

  it('an unknown parameter', () => {
    assert.equal(
      complaintsAbout({...added(''), sets: ['train.epoch=1']}),
      `error: -S train.epoch=1: unknown key "epoch" in stages.train.params
  hint: did you mean "epochs"?
`,
    );
  });

  it('a value of the wrong type', () => {
    assert.equal(
      complaintsAbout({...added(''), sets: ['train.epochs=many']}),
      `error: -S train.epochs=many: stages.train.params.epochs: expected a whole number, found "many"
`,
    );
  });

  it('a value out of range', () => {
    assert.equal(
      complaintsAbout({...added(''), sets: ['train.epochs=0']}),
      `error: -S train.epochs=0: stages.train.params.epochs: must be 1 or more, found 0
`,
    );
  });

  it('a number that is not finite', () => {
    assert.equal(
      complaintsAbout({...added(''), sets: ['train.epochs=1e999']}),
      `error: -S train.epochs=1e999: a number must be finite, found 1e999
`,
    );
  });

  it('a map that is never closed', () => {
    assert.equal(
      complaintsAbout({...added(''), sets: ['train.augment={flip: 1']}),
      `error: -S train.augment={flip: 1: this { is never closed
`,
    );
  });

  it('a path that leaves something else missing', () => {
    assert.equal(
      complaintsAbout({...added(''), sets: ['train.optimizer.lr=1']}),
      `error: -S train.optimizer.lr=1: missing key "name" in stages.train.params.optimizer
  hint: it is sgd or adam
`,
    );
  });

  it('an item that a list does not have', () => {
    assert.equal(
      complaintsAbout({
        ...added('  run:\n    uses: exec\n    params: {command: [a, b]}\n'),
        sets: ['run.command.2=x'],
      }),
      `error: -S run.command.2=x: "2" is no item of a list of 2, counted from 0
`,
    );
  });

  it('several at once, after the faults of the file', () => {
    assert.equal(
      complaintsAbout({
        ...changed('images: 20', 'images: 0'),
        sets: ['train.epochs=0', 'train.weight=x', 'foo=1'],
      }),
      `p.yaml:6:15: error: stages.data.params.images: must be 1 or more, found 0
  6 │       images: 0
    │               ^

error: -S foo=1: "foo" is neither a stage nor a key of the configuration
  hint: known are data, split, preprocess, train, pipeline, python, slots, stages

error: -S train.epochs=0: stages.train.params.epochs: must be 1 or more, found 0

error: -S train.weight=x: unknown key "weight" in stages.train.params
  hint: did you mean "weights"?

4 errors
`,
    );
  });

  it('a variable that is not set', () => {
    assert.equal(
      complaintsAbout({...added(''), sets: [`train.weights=\${env:NOPE}`]}),
      `error: -S train.weights=\${env:NOPE}: the environment variable NOPE is not set
  hint: set it, or give a default: \${env:NOPE:-value}
`,
    );
  });
});
