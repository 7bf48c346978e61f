import assert from 'node:assert/strict';
import {complaintsAbout, GOOD, only} from './rig.js';

describe('A configuration that was cut off', () => {
  it('anywhere either can be used or is told what is wrong, in our words', () => {
    for (let end = 0; end <= GOOD.length; end++) {
      const told = complaintsAbout(only(GOOD.slice(0, end)));
      assert.match(told, /^no complaints\n$|: error: /, `cut at ${end}`);
      assert.doesNotMatch(told, /not valid|undefined|Internal error/, `cut at ${end}`);
    }
  });

  it('says that it may be cut off where that is likely', () => {
    assert.equal(
      complaintsAbout(only(GOOD.slice(0, GOOD.indexOf('  split') + 4))),
      `p.yaml:7:3: error: "sp" is followed by no colon
  7 │   sp
    │   ^^
  hint: the file ends here: is it cut off?
`,
    );
  });
});
