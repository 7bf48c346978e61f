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

  it('a value that begins with a reserved character', () => {
    assert.equal(
      complaintsAbout(added('      weights: @x\n')),
      `p.yaml:15:16: error: a value cannot begin with @
  15 │       weights: @x
     │                ^
  hint: put it in quotes
`,
    );
  });

  it('a backslash inside double quotes', () => {
    assert.equal(
      complaintsAbout(added('      weights: "C:\\data"\n')),
      `p.yaml:15:19: error: "\\d" means nothing inside double quotes
  15 │       weights: "C:\\data"
     │                   ^^
  hint: write \\\\ for a backslash, or use single quotes
`,
    );
  });

  it('text after a quoted text', () => {
    assert.equal(
      complaintsAbout(added('      weights: "a" b\n')),
      `p.yaml:15:20: error: "b" cannot stand here
  15 │       weights: "a" b
     │                    ^
  hint: a quoted text, a list or a map must be the whole value
`,
    );
  });

  it('a bracket too many', () => {
    assert.equal(
      complaintsAbout(added('      weights: a]\n      augment: ]\n')),
      `p.yaml:16:16: error: "]" cannot stand here
  16 │       augment: ]
     │                ^
  hint: a quoted text, a list or a map must be the whole value
`,
    );
  });

  it('a reference to the environment inside braces without quotes', () => {
    assert.equal(
      complaintsAbout(added(`      augment: {flip: \${env:FLIP}}\n`)),
      `p.yaml:15:24: error: "{" cannot stand here
  15 │       augment: {flip: \${env:FLIP}}
     │                        ^
  hint: put \${env:…} in quotes inside { } and [ ]
`,
    );
  });

  it('two documents in one file', () => {
    assert.equal(
      complaintsAbout(added('---\npipeline: x\n')),
      `p.yaml:15:1: error: a second document begins here
  15 │ ---
     │ ^^^
  hint: one file holds one configuration: remove the line ---
`,
    );
  });

  it('a tag', () => {
    assert.equal(
      complaintsAbout(added('      weights: !path x\n')),
      `p.yaml:15:16: error: the tag !path has no meaning here
  15 │       weights: !path x
     │                ^^^^^
  hint: remove it
`,
    );
  });

  it('an alias without its anchor', () => {
    assert.equal(
      complaintsAbout(added('      weights: *w\n')),
      `p.yaml:15:16: error: *w stands for nothing: nothing before it is marked &w
  15 │       weights: *w
     │                ^^
`,
    );
  });

  it('an alias that holds itself', () => {
    assert.equal(
      complaintsAbout(only('pipeline: &p [*p]\n')),
      `p.yaml:1:15: error: *p stands for nothing: it holds itself
  1 │ pipeline: &p [*p]
    │               ^^
`,
    );
  });

  it('a key that is a list', () => {
    assert.equal(
      complaintsAbout(only('? [a]\n: b\n')),
      `p.yaml:1:3: error: a key must be a word
  1 │ ? [a]
    │   ^^^
`,
    );
  });

  it('a number that is not finite', () => {
    assert.equal(
      complaintsAbout(added('      optimizer: {name: sgd, lr: .inf}\n')),
      `p.yaml:15:34: error: a number must be finite, found .inf
  15 │       optimizer: {name: sgd, lr: .inf}
     │                                  ^^^^
`,
    );
  });

  it('a number too large for a number', () => {
    assert.equal(
      complaintsAbout(added('      optimizer: {name: sgd, lr: 1e999}\n')),
      `p.yaml:15:34: error: a number must be finite, found 1e999
  15 │       optimizer: {name: sgd, lr: 1e999}
     │                                  ^^^^^
`,
    );
  });

  it('a whole number too large to be exact', () => {
    assert.equal(
      complaintsAbout(changed('20', '123456789012345678901')),
      `p.yaml:6:15: error: a whole number must be below 2^53 to be exact, found 123456789012345678901
  6 │       images: 123456789012345678901
    │               ^^^^^^^^^^^^^^^^^^^^^
`,
    );
  });
});
