import fc from 'fast-check';

/** A change of one place. `at` is a share of the length, `size` counts bytes. */
type Change = Readonly<
  {at: number; size: number} & (
    | {what: 'flip' | 'cut' | 'remove' | 'repeat' | 'zero'}
    | {what: 'insert' | 'replace'; piece: Uint8Array}
  )
>;

/** Pieces of text that tables are spoilt with. */
const ODD_TEXTS = [
  ...[
    '"',
    '""',
    '"a"b',
    ',',
    ',,',
    ',"',
    '",',
    '\n',
    '\r',
    '\r\n',
    '\n\n',
    '"\n"',
    '\t',
    ';',
    ' ',
    '|',
    '||',
  ],
  ...['\0', '\ufeff', '\u202e', '\u2028', '\u200b', '\x1b[2J', '\x07', 'א', '𝒳', 'é', '\ud800'],
  ...[
    '=cmd|x',
    '+1',
    '-1',
    '@a',
    '../',
    '/',
    '\\',
    'NaN',
    '1e999',
    '0x10',
    '058Y',
    '٣',
    '1_0',
    'Mass',
    'nan',
  ],
  ...['9'.repeat(400), ','.repeat(1500), '"'.repeat(401), 'x'.repeat(3000), 'a,b\n'.repeat(50)],
];

/** Bytes that are no UTF-8, and beginnings of other formats. */
const ODD_BYTES = [[0xff], [0xc3], [0xed, 0xa0, 0x80], [0xff, 0xfe], [0x1f, 0x8b], [0xf4, 0x90, 0x80, 0x80]];

const oddPiece: fc.Arbitrary<Uint8Array> = fc.oneof(
  {weight: 8, arbitrary: fc.constantFrom(...ODD_TEXTS).map((text) => new TextEncoder().encode(text))},
  {weight: 1, arbitrary: fc.constantFrom(...ODD_BYTES).map((bytes) => Uint8Array.from(bytes))},
  {weight: 1, arbitrary: fc.uint8Array({minLength: 1, maxLength: 20})},
);

const place = {
  at: fc.double({min: 0, max: 1, noNaN: true, maxExcluded: true}),
  size: fc.integer({min: 1, max: 40}),
};

const change: fc.Arbitrary<Change> = fc.oneof(
  fc.record({...place, what: fc.constantFrom('flip', 'cut', 'remove', 'repeat', 'zero')}),
  fc.record({...place, what: fc.constantFrom('insert', 'replace'), piece: oddPiece}),
);

/** A few changes, one after the other. */
export const changes: fc.Arbitrary<readonly Change[]> = fc.array(change, {minLength: 1, maxLength: 4});

export function changed(bytes: Uint8Array, all: readonly Change[]): Buffer {
  return all.reduce<Buffer>((before, each) => changedOnce(before, each), Buffer.from(bytes));
}

function changedOnce(bytes: Buffer, change: Change): Buffer {
  const start = Math.floor(change.at * bytes.length);
  const [head, part, tail] = [
    bytes.subarray(0, start),
    bytes.subarray(start, start + change.size),
    bytes.subarray(start + change.size),
  ];
  switch (change.what) {
    case 'flip':
      return Buffer.concat([
        head,
        part.subarray(0, 1).map((byte) => byte ^ (1 << (change.size & 7))),
        bytes.subarray(start + 1),
      ]);
    case 'cut':
      return Buffer.from(head);
    case 'remove':
      return Buffer.concat([head, tail]);
    case 'repeat':
      return Buffer.concat([head, part, part, tail]);
    case 'zero':
      return Buffer.concat([head, Buffer.alloc(part.length), tail]);
    case 'insert':
      return Buffer.concat([head, change.piece, part, tail]);
    case 'replace':
      return Buffer.concat([head, change.piece, tail]);
  }
}
