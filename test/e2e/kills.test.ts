import assert from 'node:assert/strict';
import {cpSync, mkdtempSync, readdirSync, readFileSync, rmSync} from 'node:fs';
import {tmpdir} from 'node:os';
import {join} from 'node:path';
import {setTimeout as delay} from 'node:timers/promises';
import {type Project, projectIn} from '../rig.js';
import {type RunDocument, stageOf, writeSmallDemo} from './small.js';

/** KILLS=20 for the long version; KILL_SEED to repeat one. */
const KILLS = Number(process.env['KILLS'] ?? 4);
const SEED = Number(process.env['KILL_SEED'] ?? 1);
const TARGETS = ['driver', 'agent', 'torchrun', 'rank'] as const;

for (const ranks of [2, 3]) {
  describe(`SIGKILL at random times, ${ranks} ranks`, function () {
    this.timeout(1_200_000);
    let base: Project;
    let undisturbed: Weights;
    let seconds = 0;

    before(async () => {
      base = projectIn(mkdtempSync(join(tmpdir(), 'pipeline-kills-')));
      writeSmallDemo(base, {
        'images: 600': 'images: 90',
        'ranks: 2': `ranks: ${ranks}`,
        'batch_size: 32 # global: 16 per rank': 'batch_size: 12\n      checkpoint_steps: 1',
      });
      await base.json(['run', 'small.yaml', '--until', 'preprocess']);
      cpSync(join(base.folder, '.pipeline'), join(base.folder, 'prepared'), {recursive: true});
      const startedAt = performance.now();
      undisturbed = weightsOf(await base.json<RunDocument>(['run', 'small.yaml', '--until', 'train'], LONG));
      seconds = (performance.now() - startedAt) / 1000;
    });
    after(() => rmSync(base.folder, {recursive: true, force: true}));

    const random = generator(SEED * 100 + ranks);
    const count = ranks === 2 ? KILLS : Math.ceil(KILLS / 2);
    for (let kill = 0; kill < count; kill++) {
      const target = TARGETS[kill % TARGETS.length]!;
      const share = random();
      it(`${target} killed at ${Math.round(share * 100)}% of the time: the next run ends well, bit for bit`, async () => {
        const home = join(base.folder, `home-${ranks}-${kill}`);
        cpSync(join(base.folder, 'prepared'), home, {recursive: true});
        const args = ['--home', home, 'run', 'small.yaml', '--until', 'train'];
        const first = base.start(args, LONG);
        await delay(share * seconds * 1000);
        const killed = killOne(target, {home, driver: first.pid!});
        await first;
        const second = await base.json<RunDocument>(args, LONG);
        assert.equal(second.status, 'succeeded');
        assert.deepEqual(weightsOf(second), undisturbed, `after ${killed} was killed`);
        const artifacts = readdirSync(join(home, 'artifacts'));
        assert.equal(artifacts.length, 4, artifacts.join(' '));
        const fingerprint = stageOf(second, 'train').artifact!.split('/').at(-1)!;
        assert.deepEqual(processesOf(home), [], fingerprint);
        rmSync(home, {recursive: true, force: true});
      });
    }
  });
}

const LONG = {timeoutMs: 400_000};

type Weights = Readonly<{best: string; last: string}>;

/** SHA-256 of the exported weights, as the artifact records them. */
function weightsOf(document: RunDocument): Weights {
  const record = JSON.parse(
    readFileSync(join(stageOf(document, 'train').artifact!, 'stage.json'), 'utf8'),
  ) as {
    outputs: {path: string; sha256: string}[];
  };
  const digest = (name: string): string => record.outputs.find(({path}) => path === name)!.sha256;
  return {best: digest('best.pt'), last: digest('last.pt')};
}

/** Kills the target, or the driver where the target does not live at this moment. @returns what was killed. */
function killOne(target: (typeof TARGETS)[number], {home, driver}: {home: string; driver: number}): string {
  const marks = {
    driver: null,
    agent: 'chexnet.runtime.agent',
    torchrun: 'torch.distributed.run',
    rank: '-m chexnet.training',
  };
  const mark = marks[target];
  const found = mark === null ? [] : processesOf(home).filter(({command}) => isA(target, command, mark));
  const victim = found.at(-1)?.pid ?? driver;
  try {
    process.kill(victim, 'SIGKILL');
  } catch {
    return 'nothing: the run had ended';
  }
  return found.length > 0 ? target : 'the driver';
}

function isA(target: string, command: string, mark: string): boolean {
  return command.includes(mark) && (target !== 'rank' || !command.includes('torch.distributed.run'));
}

/** Python processes that work for this state directory. */
function processesOf(home: string): readonly Readonly<{pid: number; command: string}>[] {
  return readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .flatMap((name) => {
      try {
        const command = readFileSync(`/proc/${name}/cmdline`, 'utf8').replaceAll('\0', ' ');
        return command.includes(home) && command.includes('python') ? [{pid: Number(name), command}] : [];
      } catch {
        return [];
      }
    });
}

/** mulberry32: the same kills for the same seed. */
function generator(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4294967296;
  };
}
