import {appendFileSync} from 'node:fs';
import {join} from 'node:path';
import {setImmediate} from 'node:timers/promises';
import {Router} from 'zeromq';
import {decodeDriverMessage, encode} from '../../pipeline/dispatch/codec.js';
import {type Keys, makeKeys, readKeys} from '../../pipeline/dispatch/keys.js';
import type {JobEvent} from '../../pipeline/model/job-event.js';
import {type AgentMessage, type DriverMessage, PROTOCOL_VERSION} from '../../pipeline/model/protocol.js';
import {startTimeOf} from '../../pipeline/store/processes.js';
import {writeWhole} from '../../pipeline/store/write-file.js';

type Kind = 'attach' | 'cancel';

/** With the acknowledgement of the last one the agent goes. */
const EVENTS = 3;

/**
 * Stands in for an agent whose job runs: `deaf-agent.js <job folder> <kind>`. The first message of that kind is lost:
 * an `attach` is not answered, with a `cancel` the connection breaks. What it was asked is in heard.txt. Its job ends
 * well once it is attached to, or by a cancel where that is the kind.
 */
async function main(dir: string, loses: Kind): Promise<void> {
  const name = makeKeys(dir);
  const keys = readKeys(dir, name)!;
  let router = await openRouter(keys, 'tcp://127.0.0.1:*');
  const address = router.lastEndpoint!;
  announce(dir, {keys: name, port: Number(address.slice(address.lastIndexOf(':') + 1))});
  let toLose: Kind | null = loses;
  for (;;) {
    const [identity, frame] = await router.receive();
    const message = decodeDriverMessage(frame!);
    if (!message.ok) throw new Error(message.error.message);
    const {type} = message.value;
    if (type === 'ack') {
      if (message.value.seq === EVENTS) process.exit();
      continue;
    }
    appendFileSync(join(dir, 'heard.txt'), `${type}\n`);
    if (type !== toLose) {
      for (const answer of answersTo(message.value, loses)) await router.send([identity!, encode(answer)]);
      continue;
    }
    toLose = null;
    if (type === 'attach') continue;
    router.close();
    router = await openRouter(keys, address);
  }
}

async function openRouter(keys: Keys, address: string): Promise<Router> {
  const router = new Router({linger: 0, curveServer: true, curveSecretKey: keys.server.secret});
  for (;;) {
    try {
      await router.bind(address);
      return router;
    } catch (error) {
      // Another thread closes the socket before, which takes a moment.
      if ((error as NodeJS.ErrnoException).code !== 'EADDRINUSE') throw error;
      await setImmediate();
    }
  }
}

function announce(dir: string, {keys, port}: {keys: string; port: number}): void {
  const {pid} = process;
  const endpoint = {port, pid, start_time: startTimeOf(pid), epoch: 'one', keys};
  writeWhole(join(dir, 'endpoint.json'), JSON.stringify(endpoint), {durable: false});
}

function answersTo(message: Exclude<DriverMessage, {type: 'ack'}>, loses: Kind): readonly AgentMessage[] {
  const {type, id} = message;
  const value = {epoch: 'one', version: 1, state: 'running', created: false, attempt: 1, code: null};
  const reply: AgentMessage = {v: PROTOCOL_VERSION, type: 'reply', id, ok: true, value};
  return type === loses ? [reply, ...events(loses)] : [reply];
}

function events(loses: Kind): readonly AgentMessage[] {
  const story: readonly JobEvent[] = [
    {at: 1, type: 'started', pid: process.pid, ranks: 1, attempt: 1, argv: []},
    {at: 2, type: 'summary', facts: {loss: 0.25}},
    {
      ...{at: 3, type: 'exited', rank: null, error: null, rank_exits: []},
      ...(loses === 'cancel' ? {code: null, signal: 'SIGTERM'} : {code: 0, signal: null}),
    },
  ];
  return story.map((event, index) => ({
    ...{v: PROTOCOL_VERSION, type: 'event', job: 'test-job'},
    ...{seq: index + 1, event},
  }));
}

await main(process.argv[2]!, process.argv[3] as Kind);
