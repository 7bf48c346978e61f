import assert from 'node:assert/strict';
import {added, complaintsAbout, GOOD, missingFor, only} from './rig.js';

describe('A file that cannot be used', () => {
  it('a configuration that is not there, but another nearly is', () => {
    assert.equal(
      complaintsAbout({files: {'configs/demo.yaml': GOOD}, file: 'configs/dmeo.yaml'}),
      `error: the configuration configs/dmeo.yaml does not exist
  hint: did you mean configs/demo.yaml?
`,
    );
  });

  it('a configuration that is not there, with those that are', () => {
    assert.equal(
      complaintsAbout({files: {'configs/demo.yaml': GOOD, 'configs/full.yaml': ''}, file: 'configs/x.yaml'}),
      `error: the configuration configs/x.yaml does not exist
  hint: that folder holds demo.yaml and full.yaml
`,
    );
  });

  it('a configuration in a folder that is not there', () => {
    assert.equal(
      complaintsAbout({files: {}, file: 'confgs/x.yaml'}),
      `error: the configuration confgs/x.yaml does not exist
  hint: there is no folder confgs
`,
    );
  });

  it('a folder in place of a configuration', () => {
    assert.equal(
      complaintsAbout({files: {'configs/demo.yaml': GOOD}, file: 'configs'}),
      `error: the configuration configs is a folder, not a file
  hint: that folder holds demo.yaml
`,
    );
  });

  it('an empty configuration', () => {
    assert.equal(
      complaintsAbout(only('')),
      `p.yaml:1:1: error: the configuration is empty
  hint: a configuration has the keys pipeline and stages; see configs/demo.yaml
`,
    );
  });

  it('a configuration of comments', () => {
    assert.equal(
      complaintsAbout(only('# nothing\n')),
      `p.yaml:1:1: error: the configuration holds nothing but comments
  1 │ # nothing
    │ ^
  hint: a configuration has the keys pipeline and stages; see configs/demo.yaml
`,
    );
  });

  it('a configuration that is a list', () => {
    assert.equal(
      complaintsAbout(only('- a\n')),
      `p.yaml:1:1: error: the configuration must be a map of keys, found a list
  1 │ - a
    │ ^^^
`,
    );
  });

  it('a configuration that is one word', () => {
    assert.equal(
      complaintsAbout(only('hello\n')),
      `p.yaml:1:1: error: the configuration must be a map of keys, found one value
  1 │ hello
    │ ^^^^^
`,
    );
  });

  it('a configuration in another encoding', () => {
    assert.equal(
      complaintsAbout({files: {'p.yaml': Buffer.from([0x61, 0x3a, 0x20, 0xe9])}}),
      `error: the configuration p.yaml is not UTF-8 text
  hint: save it as UTF-8
`,
    );
  });

  it('an overlay that is not there', () => {
    assert.equal(
      complaintsAbout({...added(''), overlays: ['overlay.yaml']}),
      `error: the overlay overlay.yaml does not exist
  hint: that folder holds p.yaml
`,
    );
  });

  it('an empty overlay', () => {
    assert.equal(
      complaintsAbout({files: {'p.yaml': GOOD, 'o.yaml': ''}, overlays: ['o.yaml']}),
      `o.yaml:1:1: error: the overlay is empty
  hint: an overlay holds the keys to change, from the top: stages, the stage, params
`,
    );
  });

  it('faults in an overlay, at their place in it', () => {
    assert.equal(
      complaintsAbout({
        files: {
          'p.yaml': GOOD,
          'o.yaml': 'stages:\n  train:\n    params:\n      epoch: 3\n      epochs: 0\n',
        },
        overlays: ['o.yaml'],
      }),
      `o.yaml:4:7: error: unknown key "epoch" in stages.train.params
  4 │       epoch: 3
    │       ^^^^^
  hint: did you mean "epochs"?

o.yaml:5:15: error: stages.train.params.epochs: must be 1 or more, found 0
  5 │       epochs: 0
    │               ^

2 errors
`,
    );
  });

  it('a fault in the configuration and one in a broken overlay', () => {
    assert.equal(
      complaintsAbout({files: {'p.yaml': 'a: [', 'o.yaml': 'b: {'}, overlays: ['o.yaml']}),
      `p.yaml:1:4: error: this [ is never closed
  1 │ a: [
    │    ^

o.yaml:1:4: error: this { is never closed
  1 │ b: {
    │    ^

2 errors
`,
    );
  });

  it('data that are not there, with how to get them', () => {
    assert.equal(
      missingFor({
        ...only(
          'pipeline: x\nstages:\n  a:\n    uses: acquire\n    params:\n      images: data/nih\n      lists: [p.yaml, nope]\n',
        ),
      }),
      `p.yaml:6:15: error: stages.a.params.images: there is no folder FOLDER/data/nih
  6 │       images: data/nih
    │               ^^^^^^^^
  hint: get the images first

p.yaml:7:23: error: stages.a.params.lists.1: there is no file or folder FOLDER/nope
  7 │       lists: [p.yaml, nope]
    │                       ^^^^
  hint: get the lists first

2 errors
`,
    );
  });

  it('a file where a folder belongs, and a folder where a file belongs', () => {
    assert.equal(
      missingFor({
        files: {
          'p.yaml':
            'pipeline: x\nstages:\n  a:\n    uses: acquire\n    params: {images: p.yaml, metadata: d}\n',
          'd/x': '',
        },
      }),
      `p.yaml:5:22: error: stages.a.params.images: FOLDER/p.yaml is a file, not a folder
  5 │     params: {images: p.yaml, metadata: d}
    │                      ^^^^^^
  hint: get the images first

p.yaml:5:40: error: stages.a.params.metadata: FOLDER/d is a folder, not a file
  5 │     params: {images: p.yaml, metadata: d}
    │                                        ^
  hint: get the table first

2 errors
`,
    );
  });

  it('data that a -S names and that are not there', () => {
    assert.equal(
      missingFor({
        ...only('pipeline: x\nstages:\n  a:\n    uses: acquire\n    params: {images: .}\n'),
        sets: ['a.images=nope'],
      }),
      `error: -S a.images=nope: stages.a.params.images: there is no folder FOLDER/nope
  hint: get the images first
`,
    );
  });
});
