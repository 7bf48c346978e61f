import {performance} from 'node:perf_hooks';
import {setTimeout as delay} from 'node:timers/promises';
import {processesOf, until} from '../dispatch/rig.js';
import {type Prepared, prepareImages, type Training} from '../dispatch/training.js';

const VICTIMS = ['driver', 'agent', 'torchrun', 'first rank', 'last rank', 'everything'] as const;
type Victim = (typeof VICTIMS)[number];
/** Kills by number of ranks; three, because plain DDP is not exact after a resume from there on. */
const KILLS: Readonly<Record<number, number>> = {2: 14, 3: 6};

// Trainings that are killed at a random moment of their job, and go on by themselves or with one more `run`: do they end
// well, with the very weights of an undisturbed training, and leave no process? Exit code 1 if any does not.
const random = seeded(20);
for (const [ranks, kills] of Object.entries(KILLS)) {
  const {prepared, remove} = await prepareImages(Number(ranks));
  try {
    const undisturbed = await measure(prepared);
    const {weights, seconds, trainingSeconds} = undisturbed;
    console.log(`  ${ranks} ranks, undisturbed: ${seconds.toFixed(1)} s, weights ${weights.slice(0, 12)}`);
    for (let kill = 0; kill < kills; kill++) {
      const victim = VICTIMS[Math.floor(random() * VICTIMS.length)]!;
      // Starting takes longer than training here: every other kill waits until the steps have begun.
      const from = kill % 2 === 0 ? 'first step' : 'start';
      const afterMs = random() * (from === 'start' ? seconds : trainingSeconds) * 1000;
      await prepared(async (training) => {
        const found = await killAndFinish(training, {victim, from, afterMs});
        const good = found.code === 0 && found.weights === weights && found.left === 0;
        if (!good) process.exitCode = 1;
        const when = `${(afterMs / 1000).toFixed(1)} s`.padStart(7);
        console.log(
          `  ${ranks} ranks, ${victim.padEnd(10)} killed ${when} after ${from.padEnd(10)}, at ${found.at.padEnd(22)}: ${good ? `same weights, ${found.how}` : `${found.left} processes left; ${found.told}`}`,
        );
      });
    }
  } finally {
    remove();
  }
}

async function measure(
  prepared: Prepared,
): Promise<{weights: string; seconds: number; trainingSeconds: number}> {
  let measured = {weights: '', seconds: 0, trainingSeconds: 0};
  await prepared(async (training) => {
    const running = training.start();
    await until(() => training.job() !== null, 'there is a job', 120_000);
    const since = performance.now();
    await until(() => hasSteps(training), 'it trains', 120_000);
    const stepsSince = performance.now();
    const {exitCode, stderr} = await running;
    if (exitCode !== 0) throw new Error(String(stderr));
    const now = performance.now();
    measured = {
      weights: training.weights(),
      seconds: (now - since) / 1000,
      trainingSeconds: (now - stepsSince) / 1000,
    };
  });
  return measured;
}

type Found = Readonly<{
  code: number | null;
  weights: string;
  at: string;
  how: 'by itself' | 'with the next run';
  left: number;
  told: string;
}>;

async function killAndFinish(
  training: Training,
  kill: {victim: Victim; from: 'start' | 'first step'; afterMs: number},
): Promise<Found> {
  const running = training.start();
  const begun = () => (kill.from === 'start' ? training.job() !== null : hasSteps(training));
  await until(begun, `it is at its ${kill.from}`, 120_000);
  await Promise.race([delay(kill.afterMs), running]);
  const at = whereabouts(training);
  const job = training.job();
  for (const pid of pidsOf(training, kill.victim, running.pid!)) {
    try {
      process.kill(pid, 'SIGKILL');
    } catch {
      // It had just ended by itself.
    }
  }
  const first = await running;
  const wentOn = first.exitCode === 0;
  const {code, stderr} = wentOn ? {code: 0, stderr: ''} : await training.run();
  const left = job === null ? 0 : processesOf(job).length;
  const weights = code === 0 ? training.weights() : '';
  return {code, at, weights, left, told: stderr, how: wentOn ? 'by itself' : 'with the next run'};
}

/** The driver's alone when there is no other process yet, or no more. */
function pidsOf(training: Training, victim: Victim, driver: number): readonly number[] {
  if (victim === 'driver' || training.job() === null) return [driver];
  try {
    const {agent, torchrun, ranks} = training.pids();
    const own = {agent, torchrun, 'first rank': ranks[0] ?? 0, 'last rank': ranks.at(-1) ?? 0};
    const pids = victim === 'everything' ? [driver, agent, torchrun, ...ranks] : [own[victim]];
    return pids.some((pid) => pid === 0) ? [driver] : pids;
  } catch {
    return [driver];
  }
}

function hasSteps(training: Training): boolean {
  return training.events().some(({type}) => type === 'steps');
}

function whereabouts(training: Training): string {
  const events = training.events();
  const steps = events.filter(({type}) => type === 'steps').length;
  return `${steps} reports, ${events.filter(({type}) => type === 'checkpoint').length} checkpoints`;
}

/** mulberry32: equal numbers in every run. */
function seeded(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4294967296;
  };
}
