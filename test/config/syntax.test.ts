import assert from 'node:assert/strict';
import {added, changed, complaintsAbout, GOOD, only} from './rig.js';

describe('A configuration that is no YAML', () => {
  it('a tab at the start of a line is told alone, though all that follows seems wrong', () => {
    assert.equal(
      complaintsAbout(changed('    uses: synth', '\tuses: synth')),
      `p.yaml:4:1: error: a tab indents this line
  4 │     uses: synthesize
    │ ^^^^
  hint: indent with spaces
`,
    );
  });

  it('a file cut off inside a key', () => {
    assert.equal(
      complaintsAbout(only(GOOD.slice(0, -6))),
      `p.yaml:14:7: error: stages.train.params: expected a map, found "epoc"
  14 │       epoc
     │       ^^^^
  hint: write its keys below it, each with a value: "key: value"
`,
    );
  });

  it('a file cut off after a colon', () => {
    assert.equal(
      complaintsAbout(only(GOOD.slice(0, -3))),
      `p.yaml:14:7: error: stages.train.params.epochs: expected a whole number, found nothing
  14 │       epochs:
     │       ^^^^^^
`,
    );
  });

  it('a file cut off inside a top-level key', () => {
    assert.equal(
      complaintsAbout(only('pipeline: demo\nstag')),
      `p.yaml:2:1: error: "stag" is followed by no colon
  2 │ stag
    │ ^^^^
  hint: the file ends here: is it cut off?
`,
    );
  });

  it('a file cut off inside braces', () => {
    assert.equal(
      complaintsAbout(added('      optimizer: {name: sgd')),
      `p.yaml:15:18: error: this { is never closed
  15 │       optimizer: {name: sgd
     │                  ^
`,
    );
  });

  it('a file cut off inside a quoted text', () => {
    assert.equal(
      complaintsAbout(added('      weights: "none')),
      `p.yaml:15:16: error: this " is never closed
  15 │       weights: "none
     │                ^
`,
    );
  });

  it('a line out of its column: what follows is not told as well', () => {
    assert.equal(
      complaintsAbout(only(GOOD.replace('  data:', ' data:'))),
      `p.yaml:7:3: error: this line is indented unlike its neighbours
  7 │   split:
    │   ^^^^^^
  hint: the keys of one map begin in the same column, and so do the items of one list
`,
    );
  });

  it('no comma between two values in braces', () => {
    assert.equal(
      complaintsAbout(added('      augment: {flip: 0.5 shift: 1}\n')),
      `p.yaml:15:23: error: a comma or a closing bracket is missing before this
  15 │       augment: {flip: 0.5 shift: 1}
     │                       ^^^^^^^^^^^^
`,
    );
  });

  it('a key between the items of a list', () => {
    assert.equal(
      complaintsAbout(added('  run:\n    uses: exec\n    needs:\n      - train\n      split\n')),
      `p.yaml:19:7: error: this line is indented unlike its neighbours
  19 │       split
     │       ^^^^^
  hint: the keys of one map begin in the same column, and so do the items of one list
`,
    );
  });

  it('a comment stuck to a value', () => {
    assert.equal(
      complaintsAbout(added('      weights: "a"# comment\n')),
      `p.yaml:15:19: error: a comment needs a space before its #
  15 │       weights: "a"# comment
     │                   ^^^^^^^^^
`,
    );
  });

  it('a list that is never closed', () => {
    assert.equal(
      complaintsAbout(added('      weights: [a, b\n')),
      `p.yaml:15:16: error: this [ is never closed
  15 │       weights: [a, b
     │                ^
`,
    );
  });

  it('a key written twice, with both places', () => {
    assert.equal(
      complaintsAbout(added('      epochs: 4\n')),
      `p.yaml:15:7: error: the key "epochs" is written twice
  15 │       epochs: 4
     │       ^^^^^^
  p.yaml:14:7: first written here
  14 │       epochs: 3
     │       ^^^^^^
`,
    );
  });

  it('a line indented less than its neighbours', () => {
    assert.equal(
      complaintsAbout(added('     weights: none\n')),
      `p.yaml:15:6: error: this line is indented unlike its neighbours
  15 │      weights: none
     │      ^^^^^^^^^^^^^
  hint: the keys of one map begin in the same column, and so do the items of one list
`,
    );
  });

  it('a line indented more than its neighbours', () => {
    assert.equal(
      complaintsAbout(changed('    uses: train', '    uses: train\n      needs: []')),
      `p.yaml:13:7: error: this line is indented too far
  13 │       needs: []
     │       ^^^^^^^^^
  hint: the line above already has a value
`,
    );
  });

  it('a text with a colon that is not quoted', () => {
    assert.equal(
      complaintsAbout(added('      weights: a: b\n')),
      `p.yaml:15:16: error: a second colon in one line
  15 │       weights: a: b
     │                ^^^^
  hint: put text that holds a colon in quotes, or give each key a line of its own
`,
    );
  });

  it('no space after a colon', () => {
    assert.equal(
      complaintsAbout(added('      weights:none\n')),
      `p.yaml:15:14: error: no space after this colon
  15 │       weights:none
     │              ^
`,
    );
  });

  it('no space after the only colon', () => {
    assert.equal(
      complaintsAbout(changed('images: 20', 'images:20')),
      `p.yaml:6:7: error: stages.data.params: expected a map, found "images:20"
  6 │       images:20
    │       ^^^^^^^^^
  hint: write a space after the colon
`,
    );
  });
});
