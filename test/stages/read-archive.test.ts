import assert from 'node:assert/strict';
import {randomBytes} from 'node:crypto';
import {readdirSync} from 'node:fs';
import {gzipSync} from 'node:zlib';
import {readArchive} from '../../pipeline/stages/archives/read-archive.js';
import {withBench} from './rig.js';
import {makeTar} from './tar-maker.js';

describe('reading an archive', () => {
  it('holds a few members in memory, however slowly they are taken', () =>
    withBench(async (bench) => {
      const content = Buffer.alloc(2 ** 20, 7);
      const members = Array.from({length: 120}, (_, index) => ({name: `${index}.png`, content}));
      const file = bench.write('some.tar.gz', gzipSync(makeTar(members), {level: 0}));
      const before = process.memoryUsage().arrayBuffers;
      let most = 0;
      for await (const {bytes} of readArchive(file, {
        signal: new AbortController().signal,
        wants: () => true,
      })) {
        assert.equal(bytes.length, content.length);
        await new Promise(setImmediate);
        most = Math.max(most, process.memoryUsage().arrayBuffers - before);
      }
      assert.ok(most < 60 * 2 ** 20, `${most} bytes`);
    }));

  it('closes the file when nobody wants more, and stops when it is told to', () =>
    withBench(async (bench) => {
      const file = bench.write(
        'some.tar.gz',
        gzipSync(
          makeTar(Array.from({length: 40}, (_, i) => ({name: `${i}.png`, content: randomBytes(2 ** 16)}))),
        ),
      );
      const open = (): number => readdirSync('/proc/self/fd').length;
      const before = open();
      for await (const _ of readArchive(file, {signal: new AbortController().signal, wants: () => true}))
        break;
      const abort = new AbortController();
      await assert.rejects(async () => {
        for await (const _ of readArchive(file, {signal: abort.signal, wants: () => true})) {
          abort.abort(new Error('enough'));
        }
        throw new Error('read to the end');
      }, /^Error: enough$/);
      for (let turn = 0; open() > before && turn < 10_000; turn++) await new Promise(setImmediate);
      assert.equal(open(), before);
    }));

  it('throws the error of the system for a file that is not there', async () => {
    await assert.rejects(
      async () => {
        for await (const _ of readArchive('/nowhere/x.tar', {
          signal: new AbortController().signal,
          wants: () => true,
        }));
      },
      {code: 'ENOENT'},
    );
  });
});
