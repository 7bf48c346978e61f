import assert from 'node:assert/strict';
import {added, changed, complaintsAbout, GOOD, only} from './rig.js';

describe('A reference to the environment that fails', () => {
  it('a variable that is not set', () => {
    assert.equal(
      complaintsAbout(added(`      weights: \${env:WEIGHTS_FILE}\n`)),
      `p.yaml:15:16: error: the environment variable WEIGHTS_FILE is not set
  15 │       weights: \${env:WEIGHTS_FILE}
     │                ^^^^^^^^^^^^^^^^^^^
  hint: set it, or give a default: \${env:WEIGHTS_FILE:-value}
`,
    );
  });

  it('a variable that is not set, but another nearly is', () => {
    assert.equal(
      complaintsAbout({...added(`      weights: \${env:WEIGTHS}\n`), environment: {WEIGHTS: 'x'}}),
      `p.yaml:15:16: error: the environment variable WEIGTHS is not set
  15 │       weights: \${env:WEIGTHS}
     │                ^^^^^^^^^^^^^^
  hint: did you mean WEIGHTS?
`,
    );
  });

  it('a name that cannot be a variable', () => {
    assert.equal(
      complaintsAbout(added(`      weights: \${env:9}\n`)),
      `p.yaml:15:16: error: a reference to the environment is not complete
  15 │       weights: \${env:9}
     │                ^^^^^^^^
  hint: write \${env:NAME} or \${env:NAME:-default}
`,
    );
  });

  it('a brace that is missing', () => {
    assert.equal(
      complaintsAbout(added(`      weights: "\${env:X"\n`)),
      `p.yaml:15:16: error: a reference to the environment is not complete
  15 │       weights: "\${env:X"
     │                ^^^^^^^^^
  hint: write \${env:NAME} or \${env:NAME:-default}
`,
    );
  });

  it('a variable with a value of the wrong type', () => {
    assert.equal(
      complaintsAbout({...changed('epochs: 3', `epochs: \${env:EPOCHS}`), environment: {EPOCHS: 'many'}}),
      `p.yaml:14:15: error: stages.train.params.epochs: expected a whole number, found "many"
  14 │       epochs: \${env:EPOCHS}
     │               ^^^^^^^^^^^^^
`,
    );
  });

  it('a variable that is empty', () => {
    assert.equal(
      complaintsAbout({...changed('epochs: 3', `epochs: \${env:EPOCHS}`), environment: {EPOCHS: ''}}),
      `p.yaml:14:15: error: stages.train.params.epochs: expected a whole number, found nothing
  14 │       epochs: \${env:EPOCHS}
     │               ^^^^^^^^^^^^^
`,
    );
  });

  it('a variable with a number that is not finite', () => {
    assert.equal(
      complaintsAbout({...changed('epochs: 3', `epochs: \${env:EPOCHS}`), environment: {EPOCHS: '.inf'}}),
      `p.yaml:14:15: error: a number must be finite, found .inf
  14 │       epochs: \${env:EPOCHS}
     │               ^^^^^^^^^^^^^
`,
    );
  });

  it('a variable that is not set beside another fault, and not its own consequence', () => {
    assert.equal(
      complaintsAbout(only(GOOD.replace('epochs: 3', `epochs: \${env:EPOCHS}\n      colour: red`))),
      `p.yaml:14:15: error: the environment variable EPOCHS is not set
  14 │       epochs: \${env:EPOCHS}
     │               ^^^^^^^^^^^^^
  hint: set it, or give a default: \${env:EPOCHS:-value}

p.yaml:15:7: error: unknown key "colour" in stages.train.params
  15 │       colour: red
     │       ^^^^^^
  hint: known are epochs, deterministic, weights, augment, optimizer

2 errors
`,
    );
  });
});
