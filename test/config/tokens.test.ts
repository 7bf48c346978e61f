import assert from 'node:assert/strict';
import {added, changed, complaintsAbout, only} from './rig.js';

describe('A value that is no YAML', () => {
  it('a lonely ampersand', () => {
    assert.equal(
      complaintsAbout(added('      weights: &\n')),
      `p.yaml:15:16: error: an anchor, an alias or a tag is not complete
  15 │       weights: &
     │                ^
  hint: put text that begins with &, * or ! in quotes
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
