import assert from 'node:assert/strict';
import {digestOf} from '../../pipeline/store/sha256.js';
import {
  decodeTable,
  digestAt,
  encodeTable,
  isUnchanged,
  rowOf,
  type TableRow,
  tableOf,
} from '../../pipeline/store/stat-table.js';

const STATE = {size: 3, mtimeMs: 1_767_607_200_123.5, ctimeMs: 1_767_607_200_124.25, ino: 81_234_567_890};
const ROWS: readonly TableRow[] = [
  {name: 'a.png', state: STATE, sha256: digestOf('a')},
  {name: 'lung/ä.png', state: null, sha256: digestOf('b')},
  {name: 'z.png', state: {...STATE, ino: 2}, sha256: digestOf('c')},
];

describe('a table of known files', () => {
  it('comes back from its bytes as it was', () => {
    const table = decodeTable(encodeTable(tableOf(ROWS, digestOf('all'))))!;
    assert.deepEqual(table.names, ['a.png', 'lung/ä.png', 'z.png']);
    assert.equal(table.whole, digestOf('all'));
    assert.deepEqual(
      table.names.map((name) => digestAt(table, rowOf(table, name))),
      ROWS.map(({sha256}) => sha256),
    );
    assert.equal(rowOf(table, 'b.png'), -1);
    assert.deepEqual(decodeTable(encodeTable(tableOf([], null)))!.names, []);
  });

  it('trusts a file in the very state it was hashed in, and no other', () => {
    const table = decodeTable(encodeTable(tableOf(ROWS, null)))!;
    assert.ok(isUnchanged(table, 0, STATE));
    assert.ok(!isUnchanged(table, 0, {...STATE, size: 4}));
    assert.ok(!isUnchanged(table, 0, {...STATE, mtimeMs: STATE.mtimeMs + 0.25}));
    assert.ok(!isUnchanged(table, 0, {...STATE, ctimeMs: STATE.ctimeMs + 0.25}));
    assert.ok(!isUnchanged(table, 0, {...STATE, ino: 1}));
    assert.ok(!isUnchanged(table, 1, STATE), 'a state that proves nothing is never trusted');
  });

  it('is forgotten when its bytes are damaged, cut off or of another kind', () => {
    const bytes = encodeTable(tableOf(ROWS, digestOf('all')));
    for (let at = 0; at < bytes.length; at++) {
      const damaged = Buffer.from(bytes);
      damaged[at] = damaged[at]! ^ 0xff;
      // The digest of the whole and the reserved number are in the header, outside of the checksum.
      const table = decodeTable(damaged);
      if (at < 20 || at >= 56) assert.equal(table, null, `byte ${at}`);
    }
    assert.equal(decodeTable(bytes.subarray(0, -1)), null);
    assert.equal(decodeTable(Buffer.alloc(0)), null);
    assert.equal(decodeTable(Buffer.from('{"not": "a table"}'.repeat(10))), null);
  });
});
