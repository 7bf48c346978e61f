import type {JobEvent} from '../model/job-event.js';
import {err} from '../model/result.js';
import {isSameProcess, killProcess} from '../store/processes.js';
import {type Agent, nameOf} from './agent.js';
import {beginJob} from './beginning.js';
import {Channel, type ChannelFault} from './channel.js';
import {whenAborted} from './heed.js';
import {createInbox, type Inbox} from './inbox.js';
import type {JobRequest} from './job-request.js';
import {driverName, judgeLater} from './meeting.js';
import {type Ending, endingOf, type SessionEnd, undelivered} from './session-end.js';
import {Silence} from './silence.js';
import {Stopper} from './stopper.js';
import {advanceStory, newStory, type Story} from './story.js';

const TICK_MS = 250;
/** Between two messages that only say that the driver lives. */
const HELLO_TICKS = 20;
const KILL_MS = 3000;
const LEAVE_MS = 1000;
/** After Ctrl-C, for a remote agent that has not yet said that it has the job. */
const UNBEGUN_MS = 3000;
/** A silence of a remote agent that people are told of, and after which it is not expected to hear. */
const NOTE_MS = 15_000;

export type SessionOptions = Readonly<{
  /** The last event that is known already. */
  after: number;
  /** Whether to submit the job where the agent does not have it. */
  begins: boolean;
}>;

/** One driver's time with one agent: submits the job (or finds it), takes its events, ends with it. */
export class JobSession {
  readonly #request: JobRequest;
  readonly #agent: Agent;
  readonly #options: SessionOptions;
  readonly #channel: Channel;
  readonly #inbox: Inbox;
  readonly #silence: Silence;
  readonly #stopper: Stopper;
  readonly #name = driverName();
  #story: Story;
  #attempt: number | null = null;
  #isSubmitting = false;
  #isAttached = false;
  #wasStopping = false;
  #ticks = 0;
  #end: (ending: Ending) => void = () => {};
  #fail: (error: unknown) => void = () => {};

  constructor(request: JobRequest, agent: Agent, options: SessionOptions) {
    this.#request = request;
    this.#agent = agent;
    this.#options = options;
    this.#story = newStory(options.after);
    this.#channel = this.#open();
    this.#inbox = createInbox(options.after, {
      deliver: (seq, event) => this.#deliver(seq, event),
      acknowledge: (seq) => this.#channel.acknowledge(request.job, seq),
      reattach: (seq) => this.#attach(seq),
    });
    const limitMs = agent.where === 'here' ? request.limits.silentMs : agent.place.silentMs;
    const tellMs = agent.where === 'here' ? Number.POSITIVE_INFINITY : Math.min(NOTE_MS, limitMs / 2);
    this.#silence = new Silence(TICK_MS, {tellMs, limitMs});
    this.#stopper = new Stopper({
      cancel: (graceSeconds) => this.#cancel(graceSeconds),
      undeliveredMs: agent.where === 'here' ? null : tellMs,
      onUndelivered: (wasHeard) => this.#end(undelivered(agent, wasHeard)),
    });
  }

  /** Rejects only with what `onEvent` throws, and then the job has been told to stop. */
  async run(): Promise<SessionEnd> {
    const {signal, kill} = this.#request;
    const ended = new Promise<Ending>((resolve, reject) => {
      this.#end = resolve;
      this.#fail = reject;
    });
    const ticker = setInterval(() => this.#tick(), TICK_MS);
    const deaf = [whenAborted(signal, () => this.#stop()), whenAborted(kill, () => this.#kill())];
    try {
      const begun = await Promise.race([this.#begin(), ended]);
      const ending = begun ?? (await this.#untilEnd(ended));
      const [stopped, wasStopping] = [this.#stopper.because(), this.#wasStopping];
      return {...ending, story: this.#story, stopped, wasStopping};
    } finally {
      clearInterval(ticker);
      for (const letBe of deaf) letBe();
    }
  }

  /** Acknowledges every event that was taken. */
  acknowledge(): void {
    this.#inbox.flush();
  }

  /** Tells the agent to go, or to let go of the job, once that has ended, and lets go of it. */
  async leave(): Promise<void> {
    await this.#channel.request({type: 'shutdown'}, LEAVE_MS);
    this.close();
  }

  close(): void {
    this.#channel.close();
  }

  #open(): Channel {
    const agent = this.#agent;
    const effects = {
      onHeard: () => this.#heard(),
      onEvent: (seq: number, event: JobEvent) => this.#take(seq, event),
      onReconnect: () => this.#askAgain(),
      onFault: (message: string) => this.#request.onNote('warning', message),
    };
    if (agent.where === 'here') return new Channel(agent.process.port, agent.process.keys, effects);
    return new Channel(agent.place.address.port, agent.place.keys, effects, agent.ip);
  }

  async #begin(): Promise<Ending | null> {
    const begun = await beginJob({
      ...{request: this.#request, agent: this.#agent, channel: this.#channel},
      begins: this.#options.begins,
      isStopping: () => this.#stopper.because() !== null,
      onSubmit: () => {
        this.#isSubmitting = true;
      },
    });
    if (!begun.ok) return begun.error;
    const {created, stopping, attempt} = begun.value;
    this.#wasStopping = created !== true && stopping === true;
    this.#attempt = Number(attempt);
    this.#attach(this.#inbox.last());
    return null;
  }

  async #untilEnd(ended: Promise<Ending>): Promise<Ending> {
    const {timeoutMs, limits} = this.#request;
    // Ctrl-C while it began.
    this.#stopper.again();
    const onTimeOut = () => this.#stopper.stop('timed-out', limits.graceSeconds);
    const timer = timeoutMs === null ? undefined : setTimeout(onTimeOut, timeoutMs);
    try {
      return await ended;
    } finally {
      clearTimeout(timer);
    }
  }

  /** What was under way when the connection broke may be lost. */
  #askAgain(): void {
    if (this.#attempt === null) return;
    this.#attach(this.#inbox.last());
    this.#stopper.again();
  }

  #attach(after: number): void {
    const agent = this.#agent;
    // On this machine the kernel's lock of the stage proves that the driver before is gone.
    const takeOver = agent.where === 'here' || agent.place.takeOver || this.#isAttached;
    const message = {
      ...({type: 'attach', job: this.#request.job, after} as const),
      ...{driver: this.#name, take_over: takeOver},
    };
    void this.#ask(message).then((answer) => {
      if (answer.ok) {
        const isFirst = !this.#isAttached;
        this.#isAttached = true;
        if (isFirst) this.#stopper.again();
      } else if (answer.error.kind === 'silent') {
        // Lost on its way, or the agent is busy: when silence is death, the tick decides.
        this.#attach(this.#inbox.last());
      } else if (answer.error.kind !== 'closed') this.#end(this.#refusedAttach(answer.error));
    });
  }

  #refusedAttach(fault: ChannelFault): Ending {
    const isGone = fault.kind === 'refused' && fault.code === 'unknown-job';
    if (!isGone || this.#agent.where === 'here') return endingOf(fault, this.#agent);
    return {kind: 'lost', message: `${nameOf(this.#agent)} does not have the job any more`};
  }

  /** Nothing before there is a job to stop, and at a standing agent not before it is this driver's: `again` follows. */
  async #cancel(graceSeconds: number): ReturnType<Channel['request']> {
    const isOwn = this.#isAttached || (this.#attempt !== null && this.#agent.where === 'here');
    if (!isOwn) return err({kind: 'closed'});
    return this.#ask({type: 'cancel', job: this.#request.job, grace_seconds: graceSeconds});
  }

  /** Asks so that it is worth asking again where there was no answer. */
  #ask(message: Parameters<Channel['request']>[0]): ReturnType<Channel['request']> {
    return this.#channel.request(message, this.#request.limits.silentMs / 2);
  }

  #heard(): void {
    if (this.#silence.heard()) this.#request.onNote('info', 'the agent is heard again');
  }

  #take(seq: number, event: JobEvent): void {
    try {
      this.#inbox.take(seq, event);
    } catch (error) {
      // Whoever records the events cannot go on; the job saves what it has.
      this.#stopper.stop('interrupted', this.#request.limits.graceSeconds);
      this.#fail(error);
    }
  }

  #deliver(seq: number, event: JobEvent): void {
    this.#request.onEvent(seq, event);
    this.#story = advanceStory(this.#story, seq, event);
    const {exited, attempt} = this.#story;
    if (event.type === 'exited' && exited !== null && attempt === this.#attempt)
      this.#end({kind: 'exited', exited});
  }

  #tick(): void {
    const agent = this.#agent;
    this.#ticks += 1;
    this.#inbox.flush();
    if (this.#ticks % HELLO_TICKS === 0) this.#sayHello();
    if (agent.where === 'here' && !isSameProcess(agent.process))
      this.#end({kind: 'lost', message: 'the runtime agent was killed'});
    // Until the job is there its requests have limits of their own: the agent is busy while it starts it.
    if (this.#attempt === null) return;
    const verdict = this.#silence.tick();
    const silentMs = this.#silence.ms();
    const forSeconds = `for ${Math.round(silentMs / 1000)} s`;
    if (verdict === 'told')
      this.#request.onNote(
        'warning',
        `no word from the agent ${forSeconds}; if only the network is cut, the training goes on there`,
      );
    if (verdict === 'too-long')
      this.#end({kind: 'lost', message: `${nameOf(agent)} says nothing ${forSeconds}`});
    this.#stopper.look(silentMs);
  }

  #sayHello(): void {
    const wasAttached = this.#isAttached;
    void this.#ask({type: 'hello'}).then((answer) => {
      if (!answer.ok || !wasAttached || this.#agent.where === 'here') return;
      const lost = judgeLater(answer.value, {job: this.#request.job, driver: this.#name});
      if (lost !== null) this.#end(lost);
    });
  }

  #stop(): void {
    this.#stopper.stop('interrupted', this.#request.limits.graceSeconds);
    if (this.#agent.where === 'elsewhere') setTimeout(() => this.#giveUpBeginning(), UNBEGUN_MS).unref();
  }

  #kill(): void {
    this.#stopper.stop('interrupted', 0);
    const agent = this.#agent;
    // An agent that cannot even do that takes its ranks with it.
    if (agent.where === 'here') setTimeout(() => killProcess(agent.process), KILL_MS).unref();
    else this.#giveUpBeginning();
  }

  /** Of a standing agent that does not answer: nobody knows whether it has the job. */
  #giveUpBeginning(): void {
    if (this.#attempt !== null) return;
    this.#end(this.#isSubmitting ? undelivered(this.#agent, false) : {kind: 'unbegun'});
  }
}
