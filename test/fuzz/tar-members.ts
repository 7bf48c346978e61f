import fc from 'fast-check';
import {whyNoMemberName} from '../../pipeline/stages/file-name.js';
import {extendedHeader, type Member} from '../stages/tar-maker.js';
import {imageName} from './cohort.js';

const content = fc.oneof(
  fc.uint8Array({maxLength: 40}),
  fc.integer({min: 500, max: 1100}).map((length) => new Uint8Array(length).fill(7)),
);

const folder = fc.constantFrom('', 'images/', 'images_001/images/', 'a b/', 'שלום/', `${'deep/'.repeat(30)}`);

/** Names that are read, as they come out. */
const goodName = fc
  .tuple(folder, imageName)
  .map(([before, name]) => before + name)
  .filter((name) => whyNoMemberName(name) === null);

export type GoodMember = Readonly<{name: string; content: Uint8Array; members: readonly Member[]}>;

/** A file with a harmless name, and the members that say so. */
const goodMember: fc.Arbitrary<GoodMember> = fc
  .record({name: goodName, content, dot: fc.boolean(), extended: fc.boolean(), folder: fc.boolean()})
  .map(({name, content: bytes, dot, extended, folder: withFolder}) => {
    const written = dot ? `./${name}` : name;
    const named =
      extended || Buffer.byteLength(written) > 100
        ? [extendedHeader({path: written}), {name: 'short', content: bytes}]
        : [{name: written, content: bytes}];
    return {name, content: bytes, members: withFolder ? [{name: 'images/', type: '5'}, ...named] : named};
  });

export const goodMembers: fc.Arbitrary<readonly GoodMember[]> = fc.uniqueArray(goodMember, {
  maxLength: 8,
  selector: ({name}) => name,
});

/** @param outside - A folder that no member may touch, absolute. */
export function hostileName(outside: string): fc.Arbitrary<string> {
  return fc.oneof(
    fc.constantFrom(
      ...[`${outside}/hit.png`, `../outside/hit.png`, `../../outside/hit.png`, `../../../outside/hit.png`],
      ...[
        'images/../../outside/hit.png',
        './../outside/hit.png',
        'images/..',
        '..',
        '.',
        './',
        '/',
        '//',
        '',
      ],
      ...[
        '..\\outside\\hit.png',
        'C:/hit.png',
        'c:hit.png',
        '\\\\host\\hit.png',
        'a/./../../hit.png',
        '~/hit.png',
      ],
      ...[
        'images//00000001_000.png',
        '././00000001_000.png',
        'images/00000001_000.png',
        'way/00000002_000.png',
      ],
      ...[
        '=cmd|00000001_000.png',
        'a\nb.png',
        '\u202egnp.00000001_000',
        '\x1b[2J.png',
        'a\0b.png',
        ' ',
        'x'.repeat(100),
      ],
      ...[
        'images',
        'images/00000001_000.png/inner.png',
        'archives.ndjson',
        'CON',
        '.hidden/00000001_000.png',
      ],
    ),
    fc.string({unit: 'binary', maxLength: 30}),
  );
}

const size = fc.constantFrom(...[0, 1, 511, 512, 513, 2 ** 20, 2 ** 28, 2 ** 28 + 1, 2 ** 33 - 1]);

/** What a program that means harm, or is broken, might put into an archive. */
export function hostileMembers(outside: string): fc.Arbitrary<readonly Member[]> {
  const name = hostileName(outside);
  const plain = fc.record(
    {
      name,
      content,
      type: fc.constantFrom(...'01234567SLKVMNDAxgX?'.split(''), '\0'),
      link: fc.oneof(name, fc.constantFrom(outside, '..', '/etc', '/dev/zero', 'images')),
      size,
      checksum: fc.nat(50_000),
    },
    {requiredKeys: ['name']},
  );
  const throughLink = fc
    .tuple(fc.constantFrom(outside, '../outside', '../../outside'), fc.constantFrom('1', '2'))
    .map(([link, type]): readonly Member[] => [
      {name: 'way', type, link},
      {name: 'way/00000002_000.png', content: Buffer.from('through a link')},
      {name: 'images/00000001_000.png', type, link: `${link}/secret.png`},
    ]);
  const value = fc.oneof(
    name,
    fc.constantFrom('-1', '0', '1e9', '99999999999999999999', '٣', 'NaN', '1.5', '0x10'),
  );
  const field = fc.constantFrom(
    'path',
    'linkpath',
    'size',
    'mtime',
    'GNU.sparse.name',
    'GNU.sparse.realsize',
    '__proto__',
  );
  const extended = fc
    .tuple(fc.dictionary(field, value, {maxKeys: 3}), fc.constantFrom('x', 'g', 'X'), fc.boolean(), plain)
    .map(([fields, type, isDamaged, member]): readonly Member[] => {
      const header = extendedHeader(fields);
      return [
        {...header, type, content: isDamaged ? header.content!.slice(1) : header.content!},
        member as Member,
      ];
    });
  const long = fc
    .tuple(name, fc.constantFrom('L', 'K', 'N'), plain)
    .map(([text, type, member]): readonly Member[] => [
      {name: '././@LongLink', type, content: Buffer.from(`${text}\0`)},
      member as Member,
    ]);
  return fc.oneof(
    plain.map((member) => [member as Member]),
    throughLink,
    extended,
    long,
  );
}
