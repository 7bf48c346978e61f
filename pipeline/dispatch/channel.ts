import {randomUUID} from 'node:crypto';
import {Dealer} from 'zeromq';
import type {JobEvent} from '../model/job-event.js';
import type {JsonObject} from '../model/json.js';
import {
  type AgentMessage,
  type DriverMessage,
  PROTOCOL_VERSION,
  type ProtocolErrorCode,
} from '../model/protocol.js';
import {err, ok, type Result, unreachable} from '../model/result.js';
import {decodeAgentMessage, encode, MAX_FRAME_BYTES, salvageEvent} from './codec.js';
import type {DriverKeys} from './keys.js';

type Omitted<Message, Field extends string> = Message extends unknown ? Omit<Message, Field> : never;
/** A message that is answered, without what the channel adds. */
export type Request = Omitted<Exclude<DriverMessage, {type: 'ack'}>, 'v' | 'id'>;

/** Why a request has no value: the agent said no, or said nothing. */
export type ChannelFault =
  | Readonly<{kind: 'refused'; code: ProtocolErrorCode; message: string}>
  /** The agent lets this key not in. */
  | Readonly<{kind: 'wrong-key'}>
  /** `reached`: whether anything listens there, and whether it has the server's key. */
  | Readonly<{kind: 'silent'; afterMs: number; reached: Reached}>
  | Readonly<{kind: 'closed'}>;

export type Reached = 'nothing' | 'something' | 'agent';

export type ChannelEffects = Readonly<{
  /** Any message at all: the agent lives. */
  onHeard(): void;
  onEvent(seq: number, event: JobEvent): void;
  /** The connection was made again; what was sent meanwhile may be lost. */
  onReconnect(): void;
  /** A message that breaks the protocol. */
  onFault(message: string): void;
}>;

type Answer = Result<JsonObject, ChannelFault>;

const TICK_MS = 250;

/** Of ZeroMQ itself, over a network: a connection that was cut looks alive for a quarter of an hour. */
const REMOTE = {
  heartbeatInterval: 2000,
  heartbeatTimeout: 6000,
  connectTimeout: 3000,
  handshakeInterval: 5000,
};

/** One authenticated connection to an agent. */
export class Channel {
  readonly #socket: Dealer;
  readonly #effects: ChannelEffects;
  readonly #waiting = new Map<string, (answer: Answer) => void>();
  #requests = 0;
  #wrongKey = false;
  #reached: Reached = 'nothing';
  /** zeromq.js allows one send at a time. */
  #sent: Promise<unknown> = Promise.resolve();

  /** @param address - Of a remote agent: numbers, an IPv6 one in brackets. Null: on this machine. */
  constructor(port: number, keys: DriverKeys, effects: ChannelEffects, address: string | null = null) {
    this.#effects = effects;
    this.#socket = new Dealer({
      linger: 0,
      curveServerKey: keys.server.public,
      curvePublicKey: keys.client.public,
      curveSecretKey: keys.client.secret,
      // Stays the same when the connection is made again, so that the agent goes on sending.
      routingId: randomUUID(),
      maxMessageSize: MAX_FRAME_BYTES,
      reconnectInterval: 100,
      reconnectMaxInterval: 1000,
      ...(address === null ? {} : {...REMOTE, ipv6: address.startsWith('[')}),
    });
    this.#watch();
    this.#socket.connect(`tcp://${address ?? '127.0.0.1'}:${port}`);
    void this.#receive();
  }

  /**
   * @param timeoutMs - Counted in ticks: an answer that came while this process was stopped (Ctrl-Z) is still read.
   * @returns the value of the agent's reply. Never rejects.
   */
  request(message: Request, timeoutMs: number): Promise<Answer> {
    this.#requests += 1;
    const id = `${this.#requests}`;
    return new Promise((resolve) => {
      if (this.#wrongKey || this.#socket.closed) {
        return resolve(err({kind: this.#wrongKey ? 'wrong-key' : 'closed'}));
      }
      let ticks = Math.ceil(timeoutMs / TICK_MS);
      const ticker = setInterval(() => {
        ticks -= 1;
        if (ticks >= 0) return;
        this.#settle(id, err({kind: 'silent', afterMs: timeoutMs, reached: this.#reached}));
      }, TICK_MS);
      this.#waiting.set(id, (answer) => {
        clearInterval(ticker);
        resolve(answer);
      });
      const {type, ...fields} = message;
      this.#send({v: PROTOCOL_VERSION, type, id, ...fields} as DriverMessage);
    });
  }

  acknowledge(job: string, seq: number): void {
    this.#send({v: PROTOCOL_VERSION, type: 'ack', job, seq});
  }

  close(): void {
    this.#settleAll({kind: 'closed'});
    if (!this.#socket.closed) this.#socket.close();
  }

  #watch(): void {
    let handshakes = 0;
    // libzmq does not try again after this, so nothing would ever be heard.
    this.#socket.events.on('handshake:error:auth', () => {
      this.#wrongKey = true;
      this.#settleAll({kind: 'wrong-key'});
    });
    this.#socket.events.on('connect', () => {
      if (this.#reached === 'nothing') this.#reached = 'something';
    });
    this.#socket.events.on('handshake', () => {
      this.#reached = 'agent';
      handshakes += 1;
      if (handshakes > 1) this.#effects.onReconnect();
    });
  }

  #send(message: DriverMessage): void {
    const frame = encode(message);
    if (frame.length > MAX_FRAME_BYTES) throw new Error('Internal error: a message is larger than 1 MiB');
    // A send fails only when the socket is closed, and then nobody waits for it.
    const send = () => (this.#socket.closed ? undefined : this.#socket.send(frame));
    this.#sent = this.#sent.then(send).catch(() => undefined);
  }

  async #receive(): Promise<void> {
    for await (const [frame] of this.#socket) {
      const decoded = decodeAgentMessage(frame!);
      this.#effects.onHeard();
      if (!decoded.ok) this.#effects.onFault(`the agent broke the protocol: ${decoded.error.message}`);
      const message = decoded.ok ? decoded.value : salvageEvent(frame!, decoded.error);
      if (message !== null) this.#dispatch(message);
    }
  }

  #dispatch(message: AgentMessage): void {
    switch (message.type) {
      case 'event':
        this.#effects.onEvent(message.seq, message.event);
        break;
      case 'heartbeat':
        break;
      case 'reply':
        this.#settle(message.id, message.ok ? ok(message.value) : err(refusal(message.error)));
        break;
      default:
        unreachable(message);
    }
  }

  #settle(id: string, answer: Answer): void {
    this.#waiting.get(id)?.(answer);
    this.#waiting.delete(id);
  }

  #settleAll(fault: ChannelFault): void {
    for (const id of [...this.#waiting.keys()]) this.#settle(id, err(fault));
  }
}

function refusal({code, message}: {code: ProtocolErrorCode; message: string}): ChannelFault {
  return {kind: 'refused', code, message};
}
