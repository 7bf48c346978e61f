import assert from 'node:assert/strict';
import {mkdirSync, readFileSync, writeFileSync} from 'node:fs';
import {join} from 'node:path';
import {ok} from '../../pipeline/model/result.js';
import type {Stage} from '../../pipeline/model/stage.js';
import type {StageContext, StageResult} from '../../pipeline/model/stage-kind.js';
import {digestOf} from '../../pipeline/store/sha256.js';
import {kind, stage} from '../cache/stages.js';
import {inFolder, storeIn} from '../store/workplace.js';
import {play} from './rig.js';

/** Writes a line for each file of its folder, taken from an earlier artifact where the file was the same. */
function counting(images: string, counted: string[]): Stage {
  const run = async (context: StageContext): Promise<StageResult> => {
    const earlier = await context.earlier();
    const known = new Map(
      earlier
        .flatMap(({path}) => readFileSync(join(path, 'lines.csv'), 'utf8').split('\n'))
        .map((line) => [line.split(',')[0]!, line]),
    );
    const lines = [...context.digests(images)].map(([name, digest]) => {
      if (!known.has(digest)) counted.push(name);
      return known.get(digest) ?? `${digest},${readFileSync(join(images, name), 'utf8').length}`;
    });
    writeFileSync(join(context.out, 'lines.csv'), lines.join('\n'));
    return ok({lines: lines.length});
  };
  return stage({
    name: 'preprocess',
    kind: kind({uses: 'split', output: 'images', work: {kind: 'in-process', run}}),
    params: {},
    files: [{param: 'images', path: images}],
  });
}

describe('a stage that works file by file', () => {
  it('makes only what is new, from the digests of its files and from what it made before', () =>
    inFolder(async (folder) => {
      const images = join(folder, 'images');
      const counted: string[] = [];
      const run = async (name: string): Promise<string[]> => {
        await play({folder, store: storeIn(folder), stages: [counting(images, counted)], name});
        return counted.splice(0);
      };
      const write = (name: string): void => writeFileSync(join(images, name), name);
      mkdirSync(images);
      for (const name of ['a.png', 'b.png']) write(name);
      assert.deepEqual(await run('first'), ['a.png', 'b.png']);
      write('c.png');
      assert.deepEqual(await run('second'), ['c.png']);
      assert.deepEqual(await run('third'), []);
      const {artifacts, layout, last} = storeIn(folder);
      const made = artifacts.find(last.of('demo', 'preprocess' as Stage['id'])!.fingerprint.digest)!;
      const text = readFileSync(join(layout.artifact(made.fingerprint.digest), 'lines.csv'), 'utf8');
      assert.equal(text, ['a.png', 'b.png', 'c.png'].map((name) => `${digestOf(name)},5`).join('\n'));
    }));
});
