import assert from 'node:assert/strict';
import {existsSync, readFileSync} from 'node:fs';
import {join, resolve} from 'node:path';
import {ROOT, withProject} from '../rig.js';
import {type RunDocument, stageOf} from './small.js';

const SAMPLE = resolve(process.env['NIH_SAMPLE_DIR'] ?? join(ROOT, '../shared/data/nih-sample'));

describe('the real radiographs', function () {
  this.timeout(400_000);

  it('go through the whole pipeline to a report that says what they are', async function () {
    if (!existsSync(join(SAMPLE, 'images'))) {
      console.log(`      skipped: no radiographs in ${SAMPLE}; NIH_SAMPLE_DIR names another folder`);
      this.skip();
    }
    await withProject(async (project) => {
      // One epoch of small crops on one rank: this is about the way through, not about what is learned.
      const faster = [
        'train.epochs=1',
        'train.input.crop=64',
        'train.ranks=1',
        'predict.ranks=1',
        'evaluate.resamples=100',
      ];
      const sets = faster.flatMap((set) => ['-S', set]);
      const run = await project.json<RunDocument>(['run', join(ROOT, 'configs/nih-sample.yaml'), ...sets], {
        environment: {NIH_SAMPLE_DIR: SAMPLE},
        timeoutMs: 390_000,
      });
      assert.equal(run.status, 'succeeded');
      const images = readFileSync(join(stageOf(run, 'preprocess').artifact!, 'images.npy'));
      assert.equal(images.length, 128 + 160 * 256 * 256);
      const page = readFileSync(join(stageOf(run, 'report').artifact!, 'report.html'), 'utf8');
      const text = page.replace(/<(script|style)\b[\s\S]*?<\/\1>/g, '');
      assert.match(text, /Only 160 of 112,120 images were used/);
      assert.match(text, /NIH Clinical Center/);
      assert.doesNotMatch(text, /\bNaN\b|undefined(?! \()/);
    });
  });
});
