import * as z from 'zod';
import type {JsonObject} from '../../pipeline/model/json.js';
import {ok} from '../../pipeline/model/result.js';
import type {StageKind} from '../../pipeline/model/stage-kind.js';

const kind = (
  fields: Pick<StageKind, 'uses' | 'output'> & {
    params: z.ZodType<JsonObject>;
    inputs?: StageKind['inputs'];
    paths?: StageKind['paths'];
    slots?: StageKind['slots'];
    work?: StageKind['work'];
  },
): StageKind => ({
  version: 1,
  summary: `The ${fields.uses} of the tests`,
  inputs: [],
  paths: [],
  speedOnly: [],
  slots: {},
  work: {kind: 'in-process', run: async () => ok({})},
  ...fields,
});

const needs = (type: StageKind['output'], optional = false) => ({type, optional});

/** Kinds that have one parameter of every sort; the real ones may change without changing these tests. */
export const KINDS: ReadonlyMap<string, StageKind> = new Map(
  [
    kind({
      uses: 'synthesize',
      output: 'dataset',
      params: z.strictObject({images: z.int().min(1).max(1000).default(10), seed: z.int().default(0)}),
    }),
    kind({
      uses: 'acquire',
      output: 'dataset',
      params: z.strictObject({
        images: z.string().min(1),
        metadata: z.string().nullable().default(null),
        lists: z.array(z.string()).min(1).nullable().default(null),
      }),
      paths: [
        {param: 'images', is: 'folder', hint: 'get the images first'},
        {param: 'metadata', is: 'file', hint: 'get the table first'},
        {param: 'lists', is: 'either', hint: 'get the lists first'},
      ],
    }),
    kind({
      uses: 'split',
      output: 'folds',
      inputs: [needs('dataset')],
      params: z.strictObject({
        method: z.enum(['seeded', 'official']).default('seeded'),
        seed: z.int().default(0),
      }),
    }),
    kind({
      uses: 'preprocess',
      output: 'images',
      inputs: [needs('dataset')],
      params: z.strictObject({size: z.int().multipleOf(8).default(256)}),
    }),
    kind({
      uses: 'train',
      output: 'model',
      inputs: [needs('dataset'), needs('folds'), needs('images')],
      slots: {device: 1},
      params: z.strictObject({
        epochs: z.int().min(1),
        deterministic: z.boolean().default(true),
        weights: z.string().min(1, 'name a file, or none').default('none'),
        augment: z
          .union([
            z.literal('none'),
            z.strictObject({flip: z.number().min(0).max(1), shift: z.int().default(0)}),
          ])
          .default('none'),
        optimizer: z
          .discriminatedUnion('name', [
            z.strictObject({
              name: z.literal('sgd'),
              lr: z.number().positive(),
              momentum: z.number().default(0.9),
            }),
            z.strictObject({name: z.literal('adam'), lr: z.number().positive()}),
          ])
          .default({name: 'adam', lr: 1e-4}),
      }),
    }),
    kind({
      uses: 'report',
      output: 'report',
      inputs: [needs('model', true), needs('folds', true)],
      params: z.strictObject({title: z.string().default('Report')}),
    }),
    kind({
      uses: 'exec',
      output: 'files',
      work: {kind: 'exec'},
      params: z.strictObject({command: z.union([z.string().min(1), z.array(z.string()).min(1)])}),
    }),
  ].map((one) => [one.uses, one]),
);

/** With one more, that gathers models. */
export const GATHERING: typeof KINDS = new Map([
  ...KINDS,
  [
    'gather',
    {
      ...KINDS.get('report')!,
      uses: 'gather',
      output: 'leaderboard',
      inputs: [{type: 'model', optional: false, many: true}],
      params: z.strictObject({}),
    },
  ],
]);
