import type {JobEvent} from '../model/job-event.js';
import type {JsonObject} from '../model/json.js';
import {isSameProcess, killProcess} from '../store/processes.js';
import type {AgentProcess} from './agent-process.js';
import {Channel, type ChannelFault} from './channel.js';
import {createInbox, type Inbox} from './inbox.js';
import type {JobRequest} from './job-request.js';
import {advanceStory, type ExitedEvent, newStory, type Story} from './story.js';

const TICK_MS = 250;
/** Between two messages that only say that the driver lives. */
const HELLO_TICKS = 20;
const SUBMIT_MS = 30_000;
const KILL_MS = 3000;
const LEAVE_MS = 1000;

export type SessionEnd = Readonly<{story: Story; stopped: 'interrupted' | 'timed-out' | null}> &
  (
    | Readonly<{kind: 'exited'; exited: ExitedEvent}>
    /** The agent's attempt had ended before, and not well (or not usably): a new agent must begin another. */
    | Readonly<{kind: 'stale'}>
    | Readonly<{kind: 'lost'; message: string}>
    | Readonly<{kind: 'refused'; message: string}>
  );

type Ending = SessionEnd extends infer End
  ? End extends unknown
    ? Omit<End, 'story' | 'stopped'>
    : never
  : never;

/** One driver's time with one agent: submits the job (or finds it), takes its events, ends with it. */
export class JobSession {
  readonly #request: JobRequest;
  readonly #agent: AgentProcess;
  readonly #channel: Channel;
  readonly #inbox: Inbox;
  #story: Story;
  #attempt: number | null = null;
  #stopped: SessionEnd['stopped'] = null;
  /** What the agent was last told, once it was told to stop the job. */
  #graceSeconds: number | null = null;
  #silentTicks = 0;
  #ticks = 0;
  #end: (ending: Ending) => void = () => {};
  #fail: (error: unknown) => void = () => {};

  constructor(request: JobRequest, agent: AgentProcess, after: number) {
    this.#request = request;
    this.#agent = agent;
    this.#story = newStory(after);
    this.#channel = new Channel(agent.port, agent.keys, {
      onHeard: () => this.#heard(),
      onEvent: (seq, event) => this.#take(seq, event),
      onReconnect: () => this.#askAgain(),
      onFault: (message) => request.onNote('warning', message),
    });
    this.#inbox = createInbox(after, {
      deliver: (seq, event) => this.#deliver(seq, event),
      acknowledge: (seq) => this.#channel.acknowledge(request.job, seq),
      reattach: (seq) => this.#attach(seq),
    });
  }

  /** Rejects only with what `onEvent` throws, and then the job has been told to stop. */
  async run(): Promise<SessionEnd> {
    const {signal, kill, timeoutMs} = this.#request;
    const onStop = () => this.#stop('interrupted', this.#request.limits.graceSeconds);
    const onKill = () => this.#kill();
    const ticker = setInterval(() => this.#tick(), TICK_MS);
    const timer = timeoutMs === null ? undefined : setTimeout(() => this.#timeOut(), timeoutMs);
    try {
      const ended = new Promise<Ending>((resolve, reject) => {
        this.#end = resolve;
        this.#fail = reject;
      });
      const begun = await Promise.race([this.#begin(), ended]);
      const ending = begun ?? (await this.#untilEnd(ended, {signal, kill, onStop, onKill}));
      return {...ending, story: this.#story, stopped: this.#stopped};
    } finally {
      clearInterval(ticker);
      clearTimeout(timer);
      signal.removeEventListener('abort', onStop);
      kill.removeEventListener('abort', onKill);
    }
  }

  /** Acknowledges every event that was taken. */
  acknowledge(): void {
    this.#inbox.flush();
  }

  /** Tells the agent to go once its job has ended, and lets go of it. */
  async leave(): Promise<void> {
    await this.#channel.request({type: 'shutdown'}, LEAVE_MS);
    this.close();
  }

  close(): void {
    this.#channel.close();
  }

  async #begin(): Promise<Ending | null> {
    const hello = await this.#channel.request({type: 'hello'}, this.#request.limits.silentMs);
    if (!hello.ok) return this.#withoutAnswer(hello.error);
    if (hello.value['state'] === 'idle') this.#request.beforeAttempt();
    const {job, dir, launch} = this.#request;
    const {module, ranks, arguments: values, environment} = launch;
    const torchrun = launch.torchrun ?? true;
    const submit = {
      type: 'submit',
      job,
      dir,
      module,
      ranks,
      torchrun,
      arguments: values,
      environment,
      token: null,
    } as const;
    const state = await this.#channel.request(submit, SUBMIT_MS);
    if (!state.ok) return this.#withoutAnswer(state.error);
    if (this.#isStale(state.value)) return {kind: 'stale'};
    this.#attempt = Number(state.value['attempt']);
    this.#attach(this.#inbox.last());
    return null;
  }

  #isStale(state: JsonObject): boolean {
    if (state['created'] === true || state['state'] !== 'ended') return false;
    return state['code'] !== 0 || !this.#request.reuseFinished;
  }

  #untilEnd(
    ended: Promise<Ending>,
    stops: Readonly<{signal: AbortSignal; kill: AbortSignal; onStop: () => void; onKill: () => void}>,
  ): Promise<Ending> {
    stops.signal.addEventListener('abort', stops.onStop, {once: true});
    stops.kill.addEventListener('abort', stops.onKill, {once: true});
    if (stops.signal.aborted) stops.onStop();
    if (stops.kill.aborted) stops.onKill();
    return ended;
  }

  /** What was under way when the connection broke may be lost. */
  #askAgain(): void {
    if (this.#attempt === null) return;
    this.#attach(this.#inbox.last());
    if (this.#graceSeconds !== null) this.#cancel(this.#graceSeconds);
  }

  #attach(after: number): void {
    const {job} = this.#request;
    // The kernel's lock of the stage proves that the driver before is gone.
    const message = {type: 'attach', job, after, driver: `process ${process.pid}`, take_over: true} as const;
    void this.#channel.request(message, this.#answerMs()).then((answer) => {
      if (answer.ok || answer.error.kind === 'closed') return;
      // Lost on its way, or the agent is busy: when silence is death, the tick decides.
      if (answer.error.kind === 'silent') this.#attach(this.#inbox.last());
      else this.#end(this.#withoutAnswer(answer.error));
    });
  }

  /** How long to wait for an answer before asking again. */
  #answerMs(): number {
    return this.#request.limits.silentMs / 2;
  }

  #heard(): void {
    this.#silentTicks = 0;
  }

  #take(seq: number, event: JobEvent): void {
    try {
      this.#inbox.take(seq, event);
    } catch (error) {
      // Whoever records the events cannot go on; the job saves what it has.
      this.#stop('interrupted', this.#request.limits.graceSeconds);
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
    this.#ticks += 1;
    this.#silentTicks += 1;
    this.#inbox.flush();
    if (this.#ticks % HELLO_TICKS === 0) void this.#channel.request({type: 'hello'}, this.#answerMs());
    if (!isSameProcess(this.#agent)) this.#end({kind: 'lost', message: 'the runtime agent was killed'});
    // Ticks are counted, not time: while this process itself is stopped it must not blame the agent.
    const silentMs = this.#silentTicks * TICK_MS;
    // Until the job is there its requests have limits of their own: the agent is busy while it starts it.
    if (this.#attempt === null || silentMs < this.#request.limits.silentMs) return;
    this.#end({
      kind: 'lost',
      message: `the runtime agent (pid ${this.#agent.pid}) says nothing for ${silentMs} ms`,
    });
  }

  #timeOut(): void {
    this.#stop('timed-out', this.#request.limits.graceSeconds);
  }

  #stop(because: 'interrupted' | 'timed-out', graceSeconds: number): void {
    this.#stopped ??= because;
    this.#graceSeconds = Math.min(graceSeconds, this.#graceSeconds ?? graceSeconds);
    this.#cancel(this.#graceSeconds);
  }

  /** Until there is an answer: to the agent a second one is harmless, it can only shorten the grace. */
  #cancel(graceSeconds: number): void {
    const message = {type: 'cancel', job: this.#request.job, grace_seconds: graceSeconds} as const;
    void this.#channel.request(message, this.#answerMs()).then((answer) => {
      const isLost = !answer.ok && answer.error.kind === 'silent';
      if (isLost && graceSeconds === this.#graceSeconds) this.#cancel(graceSeconds);
    });
  }

  #kill(): void {
    this.#stop('interrupted', 0);
    // An agent that cannot even do that takes its ranks with it.
    setTimeout(() => killProcess(this.#agent), KILL_MS).unref();
  }

  #withoutAnswer(fault: ChannelFault): Ending {
    switch (fault.kind) {
      case 'wrong-key':
        return {kind: 'refused', message: 'it does not know the CURVE key of this job folder'};
      case 'refused':
        return {kind: 'refused', message: fault.message};
      case 'silent':
        return {kind: 'lost', message: `the runtime agent did not answer within ${fault.afterMs} ms`};
      case 'closed':
        return {kind: 'lost', message: 'the connection was closed'};
    }
  }
}
