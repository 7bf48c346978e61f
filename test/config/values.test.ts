import assert from 'node:assert/strict';
import {added, changed, complaintsAbout} from './rig.js';

describe('A value that does not fit', () => {
  it('text where a whole number belongs', () => {
    assert.equal(
      complaintsAbout(changed('epochs: 3', 'epochs: three')),
      `p.yaml:14:15: error: stages.train.params.epochs: expected a whole number, found "three"
  14 │       epochs: three
     │               ^^^^^
`,
    );
  });

  it('a fraction where a whole number belongs', () => {
    assert.equal(
      complaintsAbout(changed('epochs: 3', 'epochs: 2.5')),
      `p.yaml:14:15: error: stages.train.params.epochs: expected a whole number, found 2.5
  14 │       epochs: 2.5
     │               ^^^
`,
    );
  });

  it('a number in quotes', () => {
    assert.equal(
      complaintsAbout(changed('epochs: 3', 'epochs: "3"')),
      `p.yaml:14:15: error: stages.train.params.epochs: expected a whole number, found "3"
  14 │       epochs: "3"
     │               ^^^
  hint: write it without quotes
`,
    );
  });

  it('nothing after a colon', () => {
    assert.equal(
      complaintsAbout(changed('epochs: 3', 'epochs:')),
      `p.yaml:14:7: error: stages.train.params.epochs: expected a whole number, found nothing
  14 │       epochs:
     │       ^^^^^^
`,
    );
  });

  it('a number below its range', () => {
    assert.equal(
      complaintsAbout(changed('epochs: 3', 'epochs: 0')),
      `p.yaml:14:15: error: stages.train.params.epochs: must be 1 or more, found 0
  14 │       epochs: 0
     │               ^
`,
    );
  });

  it('a number above its range', () => {
    assert.equal(
      complaintsAbout(changed('images: 20', 'images: 5000')),
      `p.yaml:6:15: error: stages.data.params.images: must be 1000 or less, found 5000
  6 │       images: 5000
    │               ^^^^
`,
    );
  });

  it('a number that is no multiple', () => {
    assert.equal(
      complaintsAbout(changed('uses: preprocess', 'uses: preprocess\n    params: {size: 63}')),
      `p.yaml:11:20: error: stages.preprocess.params.size: must be a multiple of 8, found 63
  11 │     params: {size: 63}
     │                    ^^
`,
    );
  });

  it('a number that must be more than nothing', () => {
    assert.equal(
      complaintsAbout(added('      optimizer: {name: adam, lr: 0}\n')),
      `p.yaml:15:35: error: stages.train.params.optimizer.lr: must be more than 0, found 0
  15 │       optimizer: {name: adam, lr: 0}
     │                                   ^
`,
    );
  });

  it('yes where true belongs', () => {
    assert.equal(
      complaintsAbout(added('      deterministic: yes\n')),
      `p.yaml:15:22: error: stages.train.params.deterministic: expected true or false, found "yes"
  15 │       deterministic: yes
     │                      ^^^
  hint: write true or false
`,
    );
  });

  it('a number where text belongs', () => {
    assert.equal(
      complaintsAbout(added('      weights: 1.10\n')),
      `p.yaml:15:16: error: stages.train.params.weights: expected text, found 1.10
  15 │       weights: 1.10
     │                ^^^^
  hint: put it in quotes: "1.10"
`,
    );
  });

  it('an empty text, in the words of the stage', () => {
    assert.equal(
      complaintsAbout(added('      weights: ""\n')),
      `p.yaml:15:16: error: stages.train.params.weights: name a file, or none, found ""
  15 │       weights: ""
     │                ^^
`,
    );
  });

  it('a misspelt choice', () => {
    assert.equal(
      complaintsAbout(changed('uses: split', 'uses: split\n    params: {method: seded}')),
      `p.yaml:9:22: error: stages.split.params.method: expected seeded or official, found "seded"
  9 │     params: {method: seded}
    │                      ^^^^^
  hint: did you mean "seeded"?
`,
    );
  });

  it('a choice that there is not', () => {
    assert.equal(
      complaintsAbout(changed('uses: split', 'uses: split\n    params: {method: random}')),
      `p.yaml:9:22: error: stages.split.params.method: expected seeded or official, found "random"
  9 │     params: {method: random}
    │                      ^^^^^^
`,
    );
  });

  it('a misspelt word where a word or a map may stand', () => {
    assert.equal(
      complaintsAbout(added('      augment: nine\n')),
      `p.yaml:15:16: error: stages.train.params.augment: expected none or a map, found "nine"
  15 │       augment: nine
     │                ^^^^
  hint: did you mean "none"?
`,
    );
  });

  it('a list where a word or a map may stand', () => {
    assert.equal(
      complaintsAbout(added('      augment: [1]\n')),
      `p.yaml:15:16: error: stages.train.params.augment: expected none or a map, found a list
  15 │       augment: [1]
     │                ^^^
`,
    );
  });

  it('a fault inside the map that may stand for a word', () => {
    assert.equal(
      complaintsAbout(added('      augment: {flip: 3}\n')),
      `p.yaml:15:23: error: stages.train.params.augment.flip: must be 1 or less, found 3
  15 │       augment: {flip: 3}
     │                       ^
`,
    );
  });

  it('a misspelt key inside the map that may stand for a word', () => {
    assert.equal(
      complaintsAbout(added('      augment: {flop: 1}\n')),
      `p.yaml:15:17: error: unknown key "flop" in stages.train.params.augment
  15 │       augment: {flop: 1}
     │                 ^^^^
  hint: did you mean "flip"?
`,
    );
  });

  it('a misspelt name that decides which keys there are', () => {
    assert.equal(
      complaintsAbout(added('      optimizer: {name: agam, lr: 1}\n')),
      `p.yaml:15:25: error: stages.train.params.optimizer.name: expected sgd or adam, found "agam"
  15 │       optimizer: {name: agam, lr: 1}
     │                         ^^^^
  hint: did you mean "adam"?
`,
    );
  });

  it('no name where a name decides which keys there are', () => {
    assert.equal(
      complaintsAbout(added('      optimizer: {lr: 1}\n')),
      `p.yaml:15:7: error: missing key "name" in stages.train.params.optimizer
  15 │       optimizer: {lr: 1}
     │       ^^^^^^^^^
  hint: it is sgd or adam
`,
    );
  });

  it('a key that another choice would have', () => {
    assert.equal(
      complaintsAbout(added('      optimizer: {name: adam, lr: 1, momentum: 1}\n')),
      `p.yaml:15:38: error: unknown key "momentum" in stages.train.params.optimizer
  15 │       optimizer: {name: adam, lr: 1, momentum: 1}
     │                                      ^^^^^^^^
  hint: known are name, lr
`,
    );
  });

  it('a word where a map belongs', () => {
    assert.equal(
      complaintsAbout(added('      optimizer: adam\n')),
      `p.yaml:15:18: error: stages.train.params.optimizer: expected a map, found "adam"
  15 │       optimizer: adam
     │                  ^^^^
  hint: write its keys below it, each with a value: "key: value"
`,
    );
  });

  it('a number where a command belongs', () => {
    assert.equal(
      complaintsAbout(added('  run:\n    uses: exec\n    params: {command: 3}\n')),
      `p.yaml:17:23: error: stages.run.params.command: expected text or a list, found 3
  17 │     params: {command: 3}
     │                       ^
  hint: put it in quotes: "3"
`,
    );
  });

  it('an empty list where a command belongs', () => {
    assert.equal(
      complaintsAbout(added('  run:\n    uses: exec\n    params: {command: []}\n')),
      `p.yaml:17:23: error: stages.run.params.command: needs at least 1 item, found an empty list
  17 │     params: {command: []}
     │                       ^^
`,
    );
  });

  it('a number inside a list of texts', () => {
    assert.equal(
      complaintsAbout(added('  run:\n    uses: exec\n    params: {command: [sleep, 1]}\n')),
      `p.yaml:17:31: error: stages.run.params.command.1: expected text, found 1
  17 │     params: {command: [sleep, 1]}
     │                               ^
  hint: put it in quotes: "1"
`,
    );
  });
});
