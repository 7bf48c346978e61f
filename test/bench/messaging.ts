import {existsSync, writeFileSync} from 'node:fs';
import {performance} from 'node:perf_hooks';
import {findAgent} from '../../pipeline/dispatch/agent-process.js';
import {Channel} from '../../pipeline/dispatch/channel.js';
import {decodeAgentMessage, encode} from '../../pipeline/dispatch/codec.js';
import type {JobEvent} from '../../pipeline/model/job-event.js';
import {type JobFolder, startDriver, until, withJobFolder} from '../dispatch/rig.js';

const EVENTS = 100_000;
const ROUND_TRIPS = 2000;
const ROUNDS = 3;

// Events from a job's journal through the agent, CURVE and the driver's checks to its handler, each exactly once:
// while the job writes them as fast as it can, and replayed to a driver that comes later. Beside them what the
// driver's own part costs: reading a frame and checking it.
for (let round = 1; round <= ROUNDS; round++) {
  await withJobFolder(async (job) => {
    const live = await liveRate(job);
    const {replay, trips} = await replayRate(job);
    console.log(
      `  round ${round}: live ${rate(live)}, replay ${rate(replay)}; ` +
        `round trip p50 ${trips.p50.toFixed(2)} ms, p99 ${trips.p99.toFixed(2)} ms`,
    );
  });
}
console.log(`  decoding alone: ${rate(decodeRate())}`);

function rate(eventsPerSecond: number): string {
  return `${Math.round(eventsPerSecond).toLocaleString('en')} events/s`;
}

/** From the first metric to the last, while the job writes them. */
async function liveRate(job: JobFolder): Promise<number> {
  const watch = stopwatch();
  const steps = [
    {do: 'metrics', count: EVENTS},
    {do: 'summary', facts: {}},
  ];
  const {result} = await job.run(steps, {onEvent: watch.look});
  if (!result.ok) throw new Error(JSON.stringify(result.error));
  return watch.eventsPerSecond();
}

/** A job whose driver was killed after the last metric; the next driver gets them all again. */
async function replayRate(job: JobFolder) {
  const [done, go] = [job.path('done'), job.path('go')];
  const steps = [
    {do: 'metrics', count: EVENTS},
    {do: 'touch', path: done},
    {do: 'wait-for', path: go},
    {do: 'summary', facts: {}},
  ];
  const driver = startDriver(job, {record: job.path('first.ndjson'), steps});
  await until(() => existsSync(done), 'the metrics are written', 60_000);
  await driver.killed();
  const trips = await roundTrips(job);
  const watch = stopwatch();
  const look = (seq: number, event: JobEvent) => {
    watch.look(seq, event);
    // The journal of the first measurement comes before.
    if (seq > 2 * EVENTS) writeFileSync(go, '');
  };
  const {result} = await job.run(steps, {onEvent: look});
  if (!result.ok) throw new Error(JSON.stringify(result.error));
  return {replay: watch.eventsPerSecond(), trips};
}

async function roundTrips(job: JobFolder): Promise<{p50: number; p99: number}> {
  const agent = findAgent(job.dir)!;
  const nothing = () => {};
  const effects = {onHeard: nothing, onEvent: nothing, onReconnect: nothing, onFault: nothing};
  const channel = new Channel(agent.port, agent.keys, effects);
  const times: number[] = [];
  for (let index = 0; index < ROUND_TRIPS; index++) {
    const start = performance.now();
    await channel.request({type: 'hello'}, 5000);
    times.push(performance.now() - start);
  }
  channel.close();
  const sorted = times.slice(1).sort((a, b) => a - b);
  return {p50: sorted[Math.floor(sorted.length / 2)]!, p99: sorted[Math.floor(sorted.length * 0.99)]!};
}

function stopwatch() {
  let [first, last, count] = [0, 0, 0];
  return {
    look: (_: number, {type}: JobEvent) => {
      if (type !== 'steps') return;
      last = performance.now();
      if (count === 0) first = last;
      count += 1;
    },
    eventsPerSecond: () => count / ((last - first) / 1000),
  };
}

function decodeRate(): number {
  const event = {
    at: 1795390000.125,
    type: 'steps',
    epoch: 1,
    first_step: 1,
    losses: [0.5],
    step_seconds: [0.01],
  };
  const message = {
    v: 1,
    type: 'event',
    job: 'bench',
    seq: 1,
    event: {...event, images: 32, learning_rate: 1e-3},
  };
  const frame = Buffer.from(encode(message as never));
  const start = performance.now();
  for (let index = 0; index < EVENTS; index++) decodeAgentMessage(frame);
  return EVENTS / ((performance.now() - start) / 1000);
}
