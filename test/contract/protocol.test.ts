import assert from 'node:assert/strict';
import {readFileSync} from 'node:fs';
import {join} from 'node:path';
import {decodeAgentMessage, decodeDriverMessage, encode} from '../../pipeline/dispatch/codec.js';
import {ROOT} from '../rig.js';

type Message = Readonly<{name: string; from: 'driver' | 'agent'; frame: object}>;
type Fault = Readonly<{name: string; to: 'driver' | 'agent'; text: string; code: string; id: string}>;

describe('the contract between driver and agent, in TypeScript', () => {
  for (const {name, from, frame} of read<Message>('messages.json')) {
    it(`reads and writes: ${name}`, () => {
      const bytes = Buffer.from(JSON.stringify(frame));
      const message = from === 'driver' ? decodeDriverMessage(bytes) : decodeAgentMessage(bytes);
      assert.ok(message.ok, JSON.stringify(message));
      assert.deepEqual(JSON.parse(encode(message.value)), frame);
    });
  }

  for (const {name, to, text, code, id} of read<Fault>('faults.json')) {
    it(`refuses, as ${to}: ${name}`, () => {
      const message =
        to === 'agent' ? decodeDriverMessage(Buffer.from(text)) : decodeAgentMessage(Buffer.from(text));
      assert.ok(!message.ok, JSON.stringify(message));
      assert.deepEqual([message.error.code, message.error.id], [code, id]);
    });
  }

  it('refuses a frame above 1 MiB', () => {
    const message = decodeAgentMessage(Buffer.alloc((1 << 20) + 1, ' '));
    assert.equal(message.ok ? '' : message.error.code, 'malformed');
  });
});

function read<T>(name: string): readonly T[] {
  return JSON.parse(readFileSync(join(ROOT, 'test', 'contract', name), 'utf8')) as T[];
}
