import {writeFileSync} from 'node:fs';
import {join} from 'node:path';
import {z} from 'zod';
import {ok} from '../../model/result.js';
import type {StageContext, StageKind, StageResult} from '../../model/stage-kind.js';

const params = z.strictObject({
  title: z
    .string()
    .min(1)
    .max(200)
    .optional()
    .describe('heading of the page; the name of the data set unless given'),
  samples: z.int().min(0).max(60).default(24).describe('radiographs that are shown'),
  seed: z.int().min(0).max(4294967295).default(0).describe('of the choice of radiographs'),
});

/** Writes one page about a data set, for people without any tool. */
export const dataCard: StageKind = {
  uses: 'data-card',
  version: 2,
  summary: 'writes one HTML page about the data that needs no network',
  inputs: [
    {type: 'dataset', optional: false},
    {type: 'folds', optional: true},
    {type: 'images', optional: true},
    {type: 'audit', optional: true},
  ],
  output: 'data-card',
  params: params as unknown as StageKind['params'],
  paths: [],
  speedOnly: [],
  slots: {},
  work: {kind: 'in-process', run},
};

async function run(context: StageContext): Promise<StageResult> {
  const {title, samples, seed} = context.params as z.output<typeof params>;
  // Late: drawing loads a library that a run without a page to make should not wait for.
  const [{gatherDataCardFacts}, {renderCardPage}] = await Promise.all([
    import('./facts.js'),
    import('./page.js'),
  ]);
  const {needs, out} = context;
  const facts = gatherDataCardFacts({title: title ?? null, needs, samples: {count: samples, seed}});
  const page = renderCardPage(facts);
  writeFileSync(join(out, 'data-card.html'), page);
  const {data, content} = facts;
  return ok({
    file: 'data-card.html',
    bytes: Buffer.byteLength(page),
    images: data.atHand,
    of: data.whole ?? data.images,
    shown: content.samples?.shown.length ?? 0,
  });
}
