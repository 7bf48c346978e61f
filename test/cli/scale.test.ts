import assert from 'node:assert/strict';
import {readFileSync, renameSync, rmSync, statSync, utimesSync, writeFileSync} from 'node:fs';
import {join} from 'node:path';
import {type PlanDocument, withProject} from '../rig.js';
import {decisions, imageName, reasons, runCounted, settle, writeImage, writeImages} from './many-files.js';

const [COUNT, BYTES] = [2000, 100_000];

describe('a run over many files', () => {
  it('reads no image when nothing has changed, and one when one was touched', async function () {
    await withProject(async (project) => {
      writeImages(project, {count: COUNT, bytes: BYTES});
      await settle(project, `images/${imageName(COUNT - 1)}`, 'metadata.csv');
      const first = await runCounted(project);
      if (first.bytes === -1) {
        console.log('      skipped: nobody counts what a process reads on this system');
        this.skip();
      }
      assert.deepEqual(decisions(first.document), ['run', 'run']);
      assert.ok(first.bytes > COUNT * BYTES, `${first.bytes} bytes`);

      const second = await runCounted(project);
      assert.deepEqual(decisions(second.document), ['skip', 'skip']);
      // The program itself, its records and what it knows of the files: 5% of the images at most.
      assert.ok(second.bytes < 0.05 * COUNT * BYTES, `${second.bytes} bytes`);

      // What the first run wrote in its last moments was read once more.
      const calm = await runCounted(project);
      utimesSync(join(project.folder, 'images', imageName(7)), new Date(), new Date());
      await settle(project, `images/${imageName(7)}`);
      const touched = await runCounted(project);
      assert.deepEqual(decisions(touched.document), ['skip', 'skip']);
      const more = touched.bytes - calm.bytes;
      assert.ok(more > 0.9 * BYTES && more < 2 * BYTES, `${more} bytes more`);
      const after = await runCounted(project);
      assert.ok(after.bytes - calm.bytes < 0.5 * BYTES, 'it is known from then on');
    });
  });

  it('names the image that changed, was added, removed or renamed', () =>
    withProject(async (project) => {
      writeImages(project, {count: 30, bytes: 1000});
      await settle(project, `images/${imageName(29)}`, 'metadata.csv');
      await runCounted(project);
      const path = (index: number): string => join(project.folder, 'images', imageName(index));
      const plan = async (): Promise<readonly string[]> =>
        reasons(await project.json<PlanDocument>(['plan', 'many.yaml']), 'dataset');

      const {atime, mtime, size} = statSync(path(3));
      const content = readFileSync(path(3));
      content[content.length - 1] = 1;
      writeFileSync(path(3), content);
      utimesSync(path(3), atime, mtime);
      assert.equal(statSync(path(3)).size, size);
      assert.deepEqual(
        await plan(),
        [`images: ${imageName(3)} changed`],
        'although size and time are the same',
      );

      rmSync(path(4));
      writeImage(project, '99999999_000.png', {index: 99, bytes: 1000});
      const three = `images: ${imageName(3)} changed, 99999999_000.png is new, ${imageName(4)} is gone`;
      assert.deepEqual(await plan(), [three]);
      const ran = await runCounted(project);
      assert.deepEqual([decisions(ran.document)[0], reasons(ran.document, 'dataset')], ['run', [three]]);

      renameSync(path(5), join(project.folder, 'images/00000005_900.png'));
      assert.deepEqual(await plan(), [`images: 00000005_900.png is new, ${imageName(5)} is gone`]);
      for (const index of [6, 7, 8]) rmSync(path(index));
      const named = `images: 00000005_900.png is new, ${imageName(5)} is gone, ${imageName(6)} is gone, 2 more`;
      assert.deepEqual(await plan(), [named]);
    }));
});
