import {writeFileSync} from 'node:fs';
import {join} from 'node:path';
import {z} from 'zod';
import {baseOf} from '../../model/member.js';
import {ok} from '../../model/result.js';
import type {StageContext, StageKind, StageResult} from '../../model/stage-kind.js';

const params = z.strictObject({
  title: z
    .string()
    .min(1)
    .max(200)
    .optional()
    .describe('heading of the page; the name of the pipeline unless given'),
});

/** Writes one page about the run, for people without any tool. */
export const report: StageKind = {
  uses: 'report',
  version: 4,
  summary: 'writes one HTML page about the run that needs no network',
  inputs: [
    {type: 'dataset', optional: false},
    {type: 'folds', optional: false},
    {type: 'images', optional: false},
    {type: 'model', optional: false},
    {type: 'predictions', optional: true},
    {type: 'evaluation', optional: false},
    {type: 'audit', optional: true},
  ],
  output: 'report',
  params: params as unknown as StageKind['params'],
  paths: [],
  speedOnly: [],
  slots: {},
  work: {kind: 'in-process', run},
};

async function run(context: StageContext): Promise<StageResult> {
  const {title} = context.params as z.output<typeof params>;
  // Late: drawing loads a library that a run without a report to make should not wait for.
  const [{gatherReportFacts}, {renderPage}] = await Promise.all([import('./facts.js'), import('./page.js')]);
  const {needs, runFolder, out, stage} = context;
  // Of a matrix, each member has a page of its own, and says which one it is.
  const member = stage.slice(baseOf(stage).length);
  const page = renderPage(gatherReportFacts({title: title ?? null, member, needs, runFolder}));
  writeFileSync(join(out, 'report.html'), page);
  return ok({file: 'report.html', bytes: Buffer.byteLength(page)});
}
