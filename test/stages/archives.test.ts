import assert from 'node:assert/strict';
import {mkdirSync, readFileSync, writeFileSync} from 'node:fs';
import {dirname, join} from 'node:path';
import {gzipSync} from 'node:zlib';
import {create} from 'tar';
import {ArchiveError} from '../../pipeline/stages/archives/archive-error.js';
import type {MemberFault} from '../../pipeline/stages/archives/member-reader.js';
import {readArchive} from '../../pipeline/stages/archives/read-archive.js';
import {type Bench, withBench} from './rig.js';
import {blocksOf, extendedHeader, type Member, makeTar, TAR_END} from './tar-maker.js';

type Read = Readonly<{
  members: Readonly<Record<string, string>>;
  faults: readonly string[];
  /** The archive's folder is left out. */
  error: string | null;
}>;

async function readBytes(
  bench: Bench,
  bytes: Uint8Array,
  wants: (name: string) => boolean = () => true,
): Promise<Read> {
  const file = bench.write('some.tar.gz', bytes);
  const members: Record<string, string> = {};
  const faults: MemberFault[] = [];
  const {signal} = new AbortController();
  let error: string | null = null;
  try {
    const options = {signal, wants, onFault: (fault: MemberFault) => faults.push(fault)};
    for await (const {name, bytes: content} of readArchive(file, options)) members[name] = content.toString();
  } catch (thrown) {
    if (!(thrown instanceof ArchiveError)) throw thrown;
    assert.equal(thrown.archive, file);
    error = `${thrown.message.replace(`${bench.folder}/`, '')} | ${thrown.hint}`;
  }
  return {members, faults: faults.map(({member, reason}) => `${member} ${reason}`), error};
}

const text = (name: string, content = name): Member => ({name, content: Buffer.from(content)});
const GOOD = [text('images/a.png'), text('images/b.png')];
const BOTH = {'images/a.png': 'images/a.png', 'images/b.png': 'images/b.png'};

describe('archives', () => {
  it('made by a tar program are read, gzipped and not', () =>
    withBench(async (bench) => {
      const long = `images/${'deep/'.repeat(40)}${'long'.repeat(20)}.png`;
      for (const name of ['images/a.png', 'b.png', long, 'images/ärztin שלום.png']) {
        mkdirSync(dirname(join(bench.folder, 'data', name)), {recursive: true});
        writeFileSync(join(bench.folder, 'data', name), name);
      }
      for (const gzip of [false, true]) {
        const file = join(bench.folder, 'made.tar');
        await create({cwd: join(bench.folder, 'data'), file, gzip}, ['.']);
        const {members, faults, error} = await readBytes(bench, readFileSync(file));
        assert.deepEqual([faults, error], [[], null]);
        assert.deepEqual(
          Object.keys(members).sort(),
          ['b.png', 'images/a.png', 'images/ärztin שלום.png', long].sort(),
        );
        for (const [name, content] of Object.entries(members)) assert.equal(content, name);
      }
    }));

  it('give only what is wanted, and ask by name and size', () =>
    withBench(async (bench) => {
      const asked: string[] = [];
      const {members} = await readBytes(bench, makeTar([...GOOD, text('./c//d.txt', '12345')]), (name) => {
        asked.push(name);
        return name.endsWith('b.png');
      });
      assert.deepEqual(members, {'images/b.png': 'images/b.png'});
      assert.deepEqual(asked, ['images/a.png', 'images/b.png', 'c/d.txt']);
    }));

  const refused: readonly (readonly [string, readonly Member[], string])[] = [
    ['a path out of the folder', [text('images/../../x.png')], 'images/../../x.png leads out of the folder'],
    ['an absolute path', [text('/etc/x.png')], '/etc/x.png is an absolute path'],
    ['a path of Windows', [text('C:/x.png')], 'C:/x.png is an absolute path'],
    ['backslashes', [text('..\\x.png')], '..\\x.png has a backslash in its name'],
    ['a symbolic link', [{name: 'x.png', type: '2', link: '/etc/passwd'}], 'x.png is a link'],
    ['a hard link', [{name: 'x.png', type: '1', link: 'images/a.png'}], 'x.png is a link'],
    ['a device', [{name: 'x.png', type: '3'}], 'x.png is a device'],
    ['a pipe', [{name: 'x.png', type: '6'}], 'x.png is a pipe'],
    ['a sparse file', [{...text('x.png'), type: 'S'}], 'x.png is neither a file nor a folder'],
    [
      'the same name again',
      [text('./images//a.png', 'other')],
      './images//a.png is there twice: the first one counts',
    ],
    ['a file that is called as a folder', [{...text('./'), type: '7'}], './ names no file'],
    ['a file that is called as the folder it is in', [text('images/.')], 'images/. names no file'],
    ['a line break in a name', [text('x\n.png')], 'x\\u000a.png has characters that cannot be seen'],
    [
      'a turned direction of writing',
      [text('gnp\u202e.x.png')],
      'gnp\\u202e.x.png has characters that cannot be seen',
    ],
    [
      'a formula for a name',
      [text('=cmd|x.png')],
      '=cmd|x.png begins with =, which spreadsheets take for a formula',
    ],
    [
      'another path in an extended header',
      [extendedHeader({path: '../x.png'}), text('images/c.png')],
      '../x.png leads out of the folder',
    ],
  ];
  for (const [what, members, fault] of refused) {
    it(`refuse ${what}, and give the rest`, () =>
      withBench(async (bench) => {
        const read = await readBytes(bench, makeTar([GOOD[0]!, ...members, GOOD[1]!]));
        assert.deepEqual(read, {members: BOTH, faults: [fault], error: null});
      }));
  }

  it('refuse what is too large without holding it in memory', () =>
    withBench(async (bench) => {
      const zeros = Buffer.alloc(300 * 2 ** 20);
      const bytes = gzipSync(makeTar([{name: 'x.png', content: zeros}, ...GOOD]), {level: 1});
      const before = process.memoryUsage().arrayBuffers;
      const {members, faults} = await readBytes(bench, bytes);
      assert.ok(process.memoryUsage().arrayBuffers - before < 100 * 2 ** 20);
      assert.deepEqual(faults, ['x.png is 315 MB large, more than 268 MB']);
      assert.deepEqual(members, BOTH);
    })).timeout(60_000);

  const tar = makeTar(GOOD);
  const zipped = gzipSync(makeTar([...GOOD, text('images/c.png', 'c'.repeat(5000))]));
  const badChecksum = Buffer.from(gzipSync(tar));
  badChecksum[badChecksum.length - 8]! ^= 1;
  const again = 'fetch or copy it again';
  const damaged: readonly (readonly [string, Uint8Array, object, string])[] = [
    ['nothing in them', Buffer.alloc(0), {}, `is empty (zero bytes) | ${again}`],
    [
      'a web page for content',
      Buffer.from('<!doctype html>'.padEnd(3000)),
      {},
      'is no tar archive but a web page | the download was refused',
    ],
    ['a short text for content', Buffer.from('not found'), {}, `is no tar archive | ${again}`],
    ['a gzipped text for content', gzipSync('not found'.repeat(500)), {}, `is no tar archive | ${again}`],
    [
      'an end inside a member',
      tar.subarray(0, 512 + 512 + 512 + 5),
      {'images/a.png': 'images/a.png'},
      `is cut off inside images/b.png | ${again}`,
    ],
    [
      'an end inside a header',
      tar.subarray(0, 512 + 512 + 100),
      {'images/a.png': 'images/a.png'},
      `is cut off, behind images/a.png | ${again}`,
    ],
    [
      'an end between members',
      tar.subarray(0, 1024),
      {'images/a.png': 'images/a.png'},
      `is cut off, behind images/a.png | ${again}`,
    ],
    [
      'an end inside the gzip data',
      zipped.subarray(0, zipped.length - 20),
      BOTH,
      `is cut off: its gzip data end too early`,
    ],
    ['another gzip checksum', badChecksum, {}, `fails its gzip checksum | ${again}`],
    ['another gzip inside', gzipSync(gzipSync(tar)), {}, `is gzipped twice | ${again}`],
    [
      'a damaged header',
      Buffer.concat([blocksOf(GOOD[0]!), blocksOf({...GOOD[1]!, checksum: 7}), TAR_END]),
      {'images/a.png': 'images/a.png'},
      `has a damaged header behind images/a.png | ${again}`,
    ],
    [
      'a header of megabytes',
      makeTar([GOOD[0]!, {name: 'x', type: 'x', content: Buffer.alloc(2 ** 21, 32)}, GOOD[1]!]),
      {'images/a.png': 'images/a.png'},
      `has a header of 2.1 MB, behind images/a.png | ${again}`,
    ],
    [
      'a size that no disk has',
      makeTar([GOOD[0]!, extendedHeader({size: '1e300'}), GOOD[1]!]),
      {'images/a.png': 'images/a.png'},
      `is cut off inside images/b.png | ${again}`,
    ],
  ];
  for (const [what, bytes, members, error] of damaged) {
    it(`with ${what} are damaged, and what was before is given`, () =>
      withBench(async (bench) => {
        const read = await readBytes(bench, bytes);
        assert.equal(read.error?.startsWith(`some.tar.gz ${error}`), true, String(read.error));
        assert.deepEqual(read.members, members);
      }));
  }

  it('of other formats are named', () =>
    withBench(async (bench) => {
      for (const [magic, name] of [
        ['504b0304', 'a zip file'],
        ['fd377a585a00', 'compressed with xz'],
        ['425a6839', 'compressed with bzip2'],
        ['28b52ffd', 'compressed with zstd'],
      ] as const) {
        const {error} = await readBytes(
          bench,
          Buffer.concat([Buffer.from(magic, 'hex'), Buffer.alloc(600, 1)]),
        );
        assert.match(
          String(error),
          new RegExp(`^some.tar.gz is no tar archive but ${name} \\| archives are read as`),
        );
      }
    }));

  it('that are two in one file are not half read in silence', () =>
    withBench(async (bench) => {
      const second = makeTar([text('c.png')]);
      // As cat joins them; as tar fills them up to a record; beyond the piece that is read at once, and across its end.
      for (const bytes of [
        0,
        512,
        10_240 - 1024,
        2 ** 18 - tar.length,
        2 ** 18 - tar.length + 512,
        600 * 1024,
      ]) {
        const pad = Buffer.alloc(bytes);
        for (const pack of [(whole: Buffer) => whole, gzipSync]) {
          const {members, error} = await readBytes(bench, pack(Buffer.concat([tar, pad, second])));
          assert.deepEqual(members, BOTH);
          assert.match(
            String(error),
            /goes on behind its end: are these two archives in one file\?/,
            `${bytes}`,
          );
          const alone = await readBytes(bench, pack(Buffer.concat([tar, pad])));
          assert.deepEqual([alone.members, alone.error], [BOTH, null]);
        }
      }
    }));

  it('that hold zeros are read to their end', () =>
    withBench(async (bench) => {
      for (const shift of [0, 1, 511]) {
        const content = Buffer.concat([
          Buffer.alloc(shift, 7),
          Buffer.alloc(2 ** 18 + 5000),
          Buffer.alloc(9, 7),
        ]);
        const whole = makeTar([
          {name: 'a.png', content},
          {name: 'b.png', content},
        ]);
        const {members, error} = await readBytes(bench, whole);
        assert.equal(error, null);
        assert.deepEqual(Object.keys(members), ['a.png', 'b.png']);
      }
    }));

  it('without members are read as such', () =>
    withBench(async (bench) => {
      assert.deepEqual(await readBytes(bench, TAR_END), {members: {}, faults: [], error: null});
    }));
});
