import * as z from 'zod';
import {isJsonObject, type Json, type JsonObject} from '../model/json.js';
import type {StageKind} from '../model/stage-kind.js';
import {besideMatrix} from './beside-matrix.js';

/** The only place where the keys of a configuration are spelt; those below `params` belong to the stage kinds. */
export type StageKinds = ReadonlyMap<string, StageKind>;

const SLOT = z
  .string()
  .regex(/^[a-z][a-z0-9_-]*$/, 'the name of a slot is lower-case letters, digits, - and _');
const SLOTS = z.record(SLOT, z.int().min(0));
const STAGE_ID = z
  .string()
  .regex(
    /^[a-z][a-z0-9-]*$/,
    'the name of a stage is lower-case letters, digits and -, and begins with a letter',
  );
const TIME = z.union([
  z.number().positive(),
  z.string().regex(/^[1-9]\d*(?:\.\d+)?[smh]$/, 'expected seconds, or a time such as 90s, 15m or 2h'),
]);

/** More members than any machine trains; and a slip of the keys makes no more of them. */
export const MOST_MEMBERS = 256;

/** Values of parameters, by their dotted paths below `params`. */
export const MATRIX = z
  .record(
    z
      .string()
      .regex(
        /^[A-Za-z_][A-Za-z0-9_-]*(?:\.[A-Za-z_][A-Za-z0-9_-]*)*$/,
        'a parameter is named by its path below params, such as optimizer.lr',
      ),
    z.array(z.union([z.number(), z.string(), z.boolean(), z.null()])).min(1),
  )
  .refine((lists) => Object.keys(lists).length > 0, 'a matrix varies at least one parameter');

/** Everything above the stages; a stage is checked on its own, so that a fault in one hides none in another. */
export function topLevelSchema<Stage extends z.ZodType>(stage: Stage) {
  return z.strictObject({
    pipeline: z
      .string()
      .regex(/^[A-Za-z0-9][A-Za-z0-9._-]*$/, 'the name of a pipeline is letters, digits, ".", - and _')
      .describe('Name of the pipeline; runs of the same name are compared to say what changed.'),
    python: z
      .string()
      .min(1)
      .optional()
      .describe(
        'Python interpreter to use instead of the embedded environment: a path relative to this file, or a command.',
      ),
    slots: SLOTS.default({}).describe(
      'How many of each resource stages may hold at the same time, e.g. gpu: 2.',
    ),
    stages: z
      .record(STAGE_ID, stage)
      .refine((stages) => Object.keys(stages).length > 0, 'a pipeline needs at least one stage')
      .describe('The steps of the pipeline, by name.'),
  });
}

/** For checking what stands above the stages alone. */
export const ANY_STAGE = z.unknown();

/** The keys that a configuration may have at its top. */
export const TOP_LEVEL_KEYS: readonly string[] = Object.keys(topLevelSchema(ANY_STAGE).shape);

/** One stage; `uses` decides which parameters it has. */
export function stageSchema(kinds: StageKinds) {
  const [first, ...rest] = [...kinds.values()].map(stageOfKind);
  if (first === undefined) throw new Error('Internal error: no kinds of stages');
  return z.discriminatedUnion('uses', [first, ...rest]);
}

/** What can be said of a stage whose `uses` is missing or unknown: its other keys, but for the parameters. */
export const STAGE_OF_NO_KIND = z.strictObject({
  ...stageKeys(),
  uses: z.unknown().optional(),
  params: z.unknown().optional(),
});

function stageOfKind(kind: StageKind) {
  return z
    .strictObject({
      uses: z.literal(kind.uses).describe(kind.summary),
      ...stageKeys(),
      params: kind.params.prefault({}),
    })
    .describe(kind.summary);
}

function stageKeys() {
  return {
    needs: z
      .array(z.string())
      .optional()
      .describe(
        'Stages whose results this one takes. Left out: the only stage that makes what this kind takes.',
      ),
    matrix: MATRIX.optional().describe(
      'Values to take in turn, by the path of the parameter below params: every combination is a stage of its own.',
    ),
    slots: SLOTS.default({}).describe('How many of each resource this stage holds while it runs.'),
    timeout: TIME.optional().describe('Longest time it may run: seconds, or 90s, 15m, 2h.'),
    retries: z
      .int()
      .min(0)
      .optional()
      .describe(
        'How often in a row to try again after a failure. Left out: 2 for train and predict, else 0.',
      ),
  };
}

/** JSON Schema (2020-12) of a configuration, for editors; published as configs/pipeline.schema.json. */
export function configSchema(kinds: StageKinds): JsonObject {
  const schema = z.toJSONSchema(topLevelSchema(stageSchema(kinds)), {
    io: 'input',
    override: ({jsonSchema}) => {
      // Every JSON number is within these; they only hide the limits that matter.
      if (jsonSchema.maximum === Number.MAX_SAFE_INTEGER) delete jsonSchema.maximum;
      if (jsonSchema.minimum === Number.MIN_SAFE_INTEGER) delete jsonSchema.minimum;
    },
  });
  const reviver = (_: string, value: Json): Json => (isJsonObject(value) ? besideMatrix(value) : value);
  const {$schema, ...body} = JSON.parse(JSON.stringify(schema), reviver) as {$schema: string} & JsonObject;
  return {
    $schema,
    title: 'Pipeline configuration',
    description: 'One file describes a whole pipeline: data, stages, parameters and runtime.',
    ...body,
  };
}

/** The text of the published file; a test proves that it is current. */
export function schemaText(kinds: StageKinds): string {
  return `${printJson(configSchema(kinds), {indent: '', before: 0})}\n`;
}

const LINE_WIDTH = 110;

/** As the formatter of the repository writes it: a list of plain values in one line, where it fits. */
function printJson(value: Json, {indent, before}: {indent: string; before: number}): string {
  const deeper = `${indent}  `;
  if (isJsonObject(value)) {
    const fields = Object.entries(value).map(([key, field]) => {
      const name = `${deeper}${JSON.stringify(key)}: `;
      return name + printJson(field, {indent: deeper, before: name.length});
    });
    return fields.length === 0 ? '{}' : `{\n${fields.join(',\n')}\n${indent}}`;
  }
  if (value === null || typeof value !== 'object') return JSON.stringify(value);
  const line = `[${value.map((item) => JSON.stringify(item)).join(', ')}]`;
  const plain = value.every((item) => item === null || typeof item !== 'object');
  if (plain && before + line.length < LINE_WIDTH) return line;
  const items = value.map((item: Json) => deeper + printJson(item, {indent: deeper, before: deeper.length}));
  return `[\n${items.join(',\n')}\n${indent}]`;
}
