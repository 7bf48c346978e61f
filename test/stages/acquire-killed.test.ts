import assert from 'node:assert/strict';
import {chmodSync, existsSync, readdirSync, readFileSync, statSync, watch, writeFileSync} from 'node:fs';
import {join} from 'node:path';
import {gzipSync} from 'node:zlib';
import {execa} from 'execa';
import type {JsonObject} from '../../pipeline/model/json.js';
import {acquire} from '../../pipeline/stages/acquire/stage.js';
import {ROOT} from '../rig.js';
import type {AcquireOrder} from './acquire-process.js';
import {type Bench, factsOf, withBench} from './rig.js';
import {metadataOf, readImages} from './taken.js';
import {makeTar} from './tar-maker.js';

const PROCESS = join(ROOT, 'dist/test/stages/acquire-process.js');

describe('acquire from archives, interrupted', () => {
  const COUNT = 900;
  const names = Array.from({length: COUNT}, (_, index) => `${index}.png`);

  function writeArchives(bench: Bench): JsonObject {
    for (const [number, part] of [names.slice(0, 300), names.slice(300)].entries()) {
      const members = part.map((name) => ({
        name: `images/${name}`,
        content: Buffer.from(`${name}`.repeat(12_000)),
      }));
      bench.write(`data/${number}.tar.gz`, gzipSync(makeTar(members)));
    }
    return {images: join(bench.folder, 'data'), metadata: metadataOf(bench, names)};
  }

  for (const unpack of [false, true]) {
    it(`goes on after a SIGKILL and repeats no image${unpack ? ', unpacking' : ''}`, () =>
      withBench(async (bench) => {
        const params = {...writeArchives(bench), unpack};
        const undisturbed = await bench.run(acquire, params);
        bench.write('kept/.keep', '');
        const resume = join(bench.folder, 'kept');
        let last = 0;
        for (let kill = 0; kill < 2; kill++) {
          last = await killAfterSome(last, {out: join(bench.folder, `killed-${kill}`), resume, params});
        }
        const written = unpack ? statesOf(join(resume, 'images')) : new Map<string, number>();
        if (unpack) assert.ok(written.size >= last);
        const finished = await bench.run(acquire, params, {resume});
        factsOf(finished);
        for (const name of ['inventory.csv', 'extra.csv', 'data-card.json']) {
          assert.equal(finished.read(name), undisturbed.read(name));
        }
        const recorded = journaled(resume);
        assert.equal(recorded.length, COUNT);
        assert.equal(new Set(recorded).size, COUNT);
        // At most the images that were being written when the process was killed, one of each archive.
        const again = [...statesOf(join(resume, 'images'))].filter(
          ([name, inode]) => written.has(name) && written.get(name) !== inode,
        );
        assert.ok(again.length <= 2, `${again.length} written again`);
        if (unpack) await readImages(finished);
      }));
  }

  it('tolerates a journal whose last line was cut off, and one that is damaged', () =>
    withBench(async (bench) => {
      const params = {...writeArchives(bench), unpack: true};
      const first = await bench.run(acquire, params);
      const journal = join(first.resume, 'archives.ndjson');
      const whole = readFileSync(journal);
      writeFileSync(journal, whole.subarray(0, whole.length - 400));
      const second = await bench.run(acquire, params, {resume: first.resume});
      assert.equal(second.read('inventory.csv'), first.read('inventory.csv'));
      writeFileSync(journal, Buffer.concat([whole.subarray(0, 2000), Buffer.alloc(500), Buffer.from('\n')]));
      const third = await bench.run(acquire, params, {resume: first.resume});
      assert.equal(third.read('inventory.csv'), first.read('inventory.csv'));
    }));

  it('looks at unpacked images again when the machine was started anew', () =>
    withBench(async (bench) => {
      const params = {...writeArchives(bench), unpack: true};
      const first = await bench.run(acquire, params);
      const journal = join(first.resume, 'archives.ndjson');
      writeFileSync(journal, readFileSync(journal, 'utf8').replace(/"boot":"[^"]*"/, '"boot":"another"'));
      const folder = join(first.resume, 'images/0');
      const lost = join(folder, readdirSync(folder)[0]!);
      const {size} = statSync(lost);
      writeFileSync(lost, Buffer.alloc(size));
      chmodSync(lost, 0o444);
      const second = await bench.run(acquire, params, {resume: first.resume});
      await readImages(second);
      assert.equal(second.read('inventory.csv'), first.read('inventory.csv'));
    }));

  it('stops when it is told to, and goes on later', () =>
    withBench(async (bench) => {
      const params = writeArchives(bench);
      bench.write('kept/.keep', '');
      const resume = join(bench.folder, 'kept');
      const abort = new AbortController();
      const onNews = (): void => abort.abort(new Error('enough'));
      await assert.rejects(bench.run(acquire, params, {resume, signal: abort.signal, onNews}), /enough/);
      assert.equal(factsOf(await bench.run(acquire, params, {resume}))['images'], COUNT);
    }));
});

/** Kills the stage's process when it has read some more images. @returns How many it had recorded by then. */
async function killAfterSome(already: number, order: AcquireOrder): Promise<number> {
  const child = execa(process.execPath, [PROCESS, JSON.stringify(order)], {reject: false});
  const watcher = watch(order.resume, () => {
    if (journaled(order.resume).length >= already + 50) child.kill('SIGKILL');
  });
  const {signal, stderr} = await child;
  watcher.close();
  assert.equal(signal, 'SIGKILL', stderr);
  return journaled(order.resume).length;
}

/** The images that the journal has, each as often as it has it. */
function journaled(resume: string): readonly string[] {
  const file = join(resume, 'archives.ndjson');
  if (!existsSync(file)) return [];
  const lines = readFileSync(file, 'utf8').split('\n').slice(1, -1);
  return lines.flatMap((line) => (JSON.parse(line) as {image?: {image: string}}).image?.image ?? []);
}

/** When each file was last written, by its path. */
function statesOf(folder: string): Map<string, number> {
  const states = new Map<string, number>();
  if (!existsSync(folder)) return states;
  for (const entry of readdirSync(folder, {recursive: true, withFileTypes: true})) {
    const path = join(entry.parentPath, entry.name);
    if (entry.isFile()) states.set(path, statSync(path).mtimeMs);
  }
  return states;
}
