import assert from 'node:assert/strict';
import {mkdtempSync, rmSync, writeFileSync} from 'node:fs';
import {tmpdir} from 'node:os';
import {join} from 'node:path';
import {gzipSync} from 'node:zlib';
import fc from 'fast-check';
import {ArchiveError} from '../../pipeline/stages/archives/archive-error.js';
import {readArchive} from '../../pipeline/stages/archives/read-archive.js';
import {whyNoMemberName} from '../../pipeline/stages/file-name.js';
import {blocksOf, makeTar, TAR_END} from '../stages/tar-maker.js';
import {changed, changes} from './changes.js';
import {assertShowable} from './diagnostics.js';
import {describeFuzz} from './fuzz.js';
import {type GoodMember, goodMembers, hostileMembers} from './tar-members.js';

type Read = Readonly<{members: readonly Readonly<{name: string; bytes: Buffer}>[]; isWhole: boolean}>;

const share = fc.double({min: 0, max: 1, maxExcluded: true, noNaN: true});

/** Headers that promise gigabytes may not take them. */
const MOST_BYTES = 100e6;

describeFuzz('archives of all kinds', (always) => {
  let folder = '';
  let file = '';
  before(() => {
    folder = mkdtempSync(join(tmpdir(), 'fuzz-archives-'));
    file = join(folder, 'some.tar.gz');
  });
  after(() => rmSync(folder, {recursive: true}));

  /** Whatever is in it: what comes out is harmless, and what is wrong is said. */
  async function read(bytes: Uint8Array): Promise<Read> {
    writeFileSync(file, bytes);
    const members: {name: string; bytes: Buffer}[] = [];
    const asked: string[] = [];
    let isWhole = true;
    const before = process.memoryUsage().arrayBuffers;
    try {
      const found = readArchive(file, {
        signal: new AbortController().signal,
        wants: (name) => asked.push(name) > 0,
        onFault: ({member, reason}) => {
          assertShowable(member, 800);
          assertShowable(reason, 200);
          assert.match(reason, /^(is|has|leads|begins|names) /);
        },
      });
      for await (const member of found) members.push(member);
    } catch (error) {
      if (!(error instanceof ArchiveError)) throw error;
      assertShowable(error.message, 1000);
      assert.ok(error.message.startsWith(`${file} `));
      isWhole = false;
    }
    assert.ok(process.memoryUsage().arrayBuffers - before < MOST_BYTES, 'too much memory');
    const names = members.map(({name}) => name);
    assert.equal(new Set(names).size, names.length);
    assert.deepEqual(
      asked.flatMap((name) => whyNoMemberName(name) ?? (/(^|\/)$/.test(name) ? 'no name' : [])),
      [],
    );
    return {members, isWhole};
  }

  function tarOf(members: readonly GoodMember[], end: Uint8Array = TAR_END): Buffer {
    return makeTar(
      members.flatMap((member) => member.members),
      end,
    );
  }

  function assertFirst(
    found: Read,
    members: readonly GoodMember[],
    counts: Readonly<{least: number; most: number}>,
  ): void {
    const {length} = found.members;
    assert.ok(
      length >= counts.least && length <= counts.most,
      `${length} of ${counts.least} to ${counts.most}`,
    );
    for (const [index, {name, bytes}] of found.members.entries()) {
      assert.equal(name, members[index]!.name);
      assert.ok(bytes.equals(members[index]!.content));
    }
  }

  always(
    'give the members that were put into them',
    fc.tuple(goodMembers, fc.boolean()),
    async ([members, gzip]) => {
      const tar = tarOf(members);
      const found = await read(gzip ? gzipSync(tar, {level: 1}) : tar);
      assert.ok(found.isWhole);
      assertFirst(found, members, {least: members.length, most: members.length});
    },
  );

  always(
    'that are cut off give the members before the cut, and say so',
    fc.tuple(goodMembers, share, fc.boolean()),
    async ([members, at, gzip]) => {
      const tar = tarOf(members);
      const ends = members.map((_, index) => tarOf(members.slice(0, index + 1), Buffer.alloc(0)).length);
      if (gzip) {
        const packed = gzipSync(tar, {level: 1});
        const found = await read(packed.subarray(0, Math.floor(at * packed.length)));
        assert.equal(found.isWhole, false);
        return assertFirst(found, members, {least: 0, most: members.length});
      }
      const cut = Math.floor(at * (tar.length - TAR_END.length));
      const found = await read(tar.subarray(0, cut));
      assert.equal(found.isWhole, false);
      const least = ends.filter((end) => end <= cut).length;
      // The content of a member may be whole before its last block is.
      const most = ends.filter((end) => end - 511 <= cut).length;
      assertFirst(found, members, {least, most});
    },
  );

  always(
    'are read or refused, whatever was done to their bytes',
    fc.tuple(goodMembers, changes, fc.constantFrom('plain', 'gzip after', 'gzip before')),
    async ([members, spoilt, how]) => {
      const tar = tarOf(members);
      if (how === 'gzip before') await read(changed(gzipSync(tar, {level: 1}), spoilt));
      else if (how === 'gzip after') await read(gzipSync(changed(tar, spoilt), {level: 1}));
      else await read(changed(tar, spoilt));
    },
    {runs: 200},
  );

  always(
    'are read or refused, whatever their members call themselves',
    fc.tuple(goodMembers, fc.array(hostileMembers('/outside'), {minLength: 1, maxLength: 4}), goodMembers),
    async ([first, hostile, rest]) => {
      const found = await read(
        Buffer.concat([tarOf(first, Buffer.alloc(0)), ...hostile.flat().map(blocksOf), tarOf(rest)]),
      );
      assertFirst({...found, members: found.members.slice(0, first.length)}, first, {
        least: first.length,
        most: first.length,
      });
    },
    {runs: 200},
  );

  always(
    'may be any bytes at all',
    fc.tuple(fc.uint8Array({maxLength: 1500}), fc.boolean()),
    async ([bytes, gzip]) => {
      const {members} = await read(gzip ? gzipSync(bytes) : bytes);
      assert.deepEqual(members, []);
    },
  );
});
