import {z} from 'zod';
import type {JobEvent} from '../model/job-event.js';
import {isJsonObject, type Json, type JsonObject} from '../model/json.js';
import {
  type AgentMessage,
  type DriverMessage,
  PROTOCOL_VERSION,
  type ProtocolErrorCode,
} from '../model/protocol.js';
import {err, ok, type Result} from '../model/result.js';
import {jobEventKinds} from './job-event-shape.js';

export const MAX_FRAME_BYTES = 1 << 20;

/** A frame that is no message; `id` is the request's, empty when it has none that can be read. */
export type ProtocolFault = Readonly<{code: ProtocolErrorCode; message: string; id: string}>;

type Kinds<Message extends {type: string}> = {
  readonly [Kind in Message['type']]: z.ZodType<Extract<Message, {type: Kind}>>;
};

const version = z.literal(PROTOCOL_VERSION);
const count = z.int().nonnegative();
const anyObject = z.custom<JsonObject>(
  (value) => isJsonObject(value as Json | undefined),
  'must be an object',
);

const driverKinds = {
  hello: z.strictObject({v: version, type: z.literal('hello'), id: z.string()}),
  submit: z.strictObject({
    v: version,
    type: z.literal('submit'),
    ...{id: z.string(), job: z.string(), dir: z.string(), module: z.string()},
    ...{ranks: z.int(), torchrun: z.boolean()},
    arguments: anyObject,
    environment: z.record(z.string(), z.string()),
    token: z.string().nullable(),
  }),
  attach: z.strictObject({
    v: version,
    type: z.literal('attach'),
    id: z.string(),
    job: z.string(),
    after: count,
    ...{driver: z.string(), take_over: z.boolean()},
  }),
  ack: z.strictObject({v: version, type: z.literal('ack'), job: z.string(), seq: count}),
  cancel: z.strictObject({
    v: version,
    type: z.literal('cancel'),
    ...{id: z.string(), job: z.string(), grace_seconds: z.number()},
  }),
  shutdown: z.strictObject({v: version, type: z.literal('shutdown'), id: z.string()}),
} satisfies Kinds<DriverMessage>;

const errorCode = z.enum([
  'version',
  'malformed',
  'unknown-kind',
  'unknown-field',
  'unknown-job',
  'busy',
  'taken',
  'failed',
] satisfies ProtocolErrorCode[]);

const agentKinds = {
  reply: z.discriminatedUnion('ok', [
    z.strictObject({
      v: version,
      type: z.literal('reply'),
      ...{id: z.string(), ok: z.literal(true), value: anyObject},
    }),
    z.strictObject({
      v: version,
      type: z.literal('reply'),
      ...{id: z.string(), ok: z.literal(false)},
      error: z.strictObject({code: errorCode, message: z.string()}),
    }),
  ]),
  // The event in it has been looked at on its own.
  event: z.strictObject({
    v: version,
    type: z.literal('event'),
    ...{job: z.string(), seq: count},
    event: z.custom<JobEvent>(() => true),
  }),
  heartbeat: z.strictObject({
    v: version,
    type: z.literal('heartbeat'),
    ...{epoch: z.string(), unix_seconds: z.number()},
  }),
} satisfies Kinds<AgentMessage>;

/** @returns the frame of a message. */
export function encode(message: DriverMessage | AgentMessage): string {
  return JSON.stringify(message);
}

/** What an agent says; a bad event inside a good frame is a fault too. */
export function decodeAgentMessage(frame: Uint8Array): Result<AgentMessage, ProtocolFault> {
  return decode<AgentMessage>(frame, agentKinds, (fields) => {
    if (fields['type'] !== 'event') return null;
    const event = isJsonObject(fields['event']) ? decodeJobEvent(fields['event']) : null;
    if (event === null) return {code: 'malformed', message: 'event.event must be an object', id: ''};
    return event.ok ? null : event.error;
  });
}

/**
 * An event that breaks the protocol keeps its number, else the driver would wait for it for ever: it becomes a line
 * of text. @returns null when the frame is no event at all.
 */
export function salvageEvent(frame: Uint8Array, fault: ProtocolFault): AgentMessage | null {
  const fields = open(frame);
  if (!fields.ok || fields.value['type'] !== 'event') return null;
  const {job, seq} = fields.value;
  if (typeof job !== 'string' || !Number.isSafeInteger(seq)) return null;
  return {v: PROTOCOL_VERSION, type: 'event', job, seq: seq as number, event: unreadableEvent(fault)};
}

/** Stands for a journal line that is no event. */
export function unreadableEvent(fault: ProtocolFault): JobEvent {
  return {at: 0, type: 'log', rank: 0, stream: 'stderr', line: `this event cannot be read: ${fault.message}`};
}

/** What a driver asks; for tests and for tools that stand in for an agent. */
export function decodeDriverMessage(frame: Uint8Array): Result<DriverMessage, ProtocolFault> {
  return decode<DriverMessage>(frame, driverKinds, () => null);
}

/** One line of a journal, already parsed. */
export function decodeJobEvent(fields: JsonObject): Result<JobEvent, ProtocolFault> {
  const schema = lookUp(jobEventKinds, fields['type']);
  if (schema === undefined) {
    return err({
      code: 'unknown-kind',
      message: `no event of type ${JSON.stringify(fields['type'])} exists`,
      id: '',
    });
  }
  return parse<JobEvent>(schema, fields, 'event', '');
}

function decode<Message>(
  frame: Uint8Array,
  kinds: Readonly<Record<string, z.ZodType>>,
  check: (fields: JsonObject) => ProtocolFault | null,
): Result<Message, ProtocolFault> {
  const fields = open(frame);
  if (!fields.ok) return fields;
  const type = fields.value['type'];
  const id = idOf(fields.value);
  if (typeof type !== 'string')
    return err({code: 'malformed', message: "the message lacks the field 'type'", id});
  const schema = lookUp(kinds, type);
  if (schema === undefined)
    return err({code: 'unknown-kind', message: `no message of type '${type}' exists`, id});
  const message = parse<Message>(schema, fields.value, type, id);
  const inner = message.ok ? check(fields.value) : null;
  return inner === null ? message : err(inner);
}

function open(frame: Uint8Array): Result<JsonObject, ProtocolFault> {
  const malformed = (message: string) => err({code: 'malformed', message, id: ''} as const);
  if (frame.length > MAX_FRAME_BYTES) {
    return malformed(`a frame of ${frame.length} bytes is above the limit of ${MAX_FRAME_BYTES}`);
  }
  let value: Json;
  try {
    value = JSON.parse(new TextDecoder('utf-8', {fatal: true}).decode(frame)) as Json;
  } catch (error) {
    return malformed(`the frame is no JSON: ${(error as Error).message}`);
  }
  if (!isJsonObject(value)) return malformed('the frame is no JSON object');
  if (value['v'] !== PROTOCOL_VERSION) {
    const message = `this end speaks version ${PROTOCOL_VERSION} only`;
    return err({code: 'version', message, id: idOf(value)});
  }
  return ok(value);
}

function parse<T>(
  schema: z.ZodType,
  fields: JsonObject,
  where: string,
  id: string,
): Result<T, ProtocolFault> {
  const parsed = schema.safeParse(fields);
  if (parsed.success) return ok(parsed.data as T);
  const unknown = parsed.error.issues.find((issue) => issue.code === 'unrecognized_keys');
  const issue = unknown ?? parsed.error.issues[0]!;
  const message = `${[where, ...issue.path].join('.')}: ${issue.message}`;
  return err({code: unknown === undefined ? 'malformed' : 'unknown-field', message, id});
}

function lookUp(kinds: Readonly<Record<string, z.ZodType>>, type: Json | undefined): z.ZodType | undefined {
  return typeof type === 'string' && Object.hasOwn(kinds, type) ? kinds[type] : undefined;
}

function idOf(fields: JsonObject): string {
  return typeof fields['id'] === 'string' ? fields['id'] : '';
}
