import {writeFileSync} from 'node:fs';
import {cpus} from 'node:os';
import {join} from 'node:path';
import {execa} from 'execa';
import {type Project, withProject} from '../rig.js';
import {COUNT, metadata, namesIn, tinyPng} from './noop/files.js';
import {type Rival, rivals} from './noop/rivals.js';

const ROUNDS = 7;
/** A rival that needs longer than this has its say once. */
const SLOW_SECONDS = 10;
const LIMIT_SECONDS = 300;

// Whether 112,120 files are as they were: this project's run beside other tools that answer the same question, in turn.
// The files are as many as the whole data set and tiny: nobody may have to read them, so that their size is no matter.
await withProject(async (project) => {
  const origin = writeFiles(project);
  const all = await rivals(project);
  console.log(`  ${COUNT.toLocaleString('en')} files in one folder, ${origin}; ${machine()}`);
  const taken = new Map(all.map(({name}) => [name, [] as Cost[]]));
  for (const rival of all) await begin(project, rival);
  for (let round = 0; round < ROUNDS; round++) {
    for (const rival of all) {
      const costs = taken.get(rival.name)!;
      if ((costs[0]?.wall ?? 0) > SLOW_SECONDS) continue;
      costs.push(await costOf(project, rival.again, rival));
    }
  }
  console.log(`  ${'nothing changed'.padEnd(16)}${'by the clock'.padEnd(26)}processor   compares`);
  for (const rival of all) console.log(`  ${rowOf(rival, taken.get(rival.name)!)}`);
});

function writeFiles(project: Project): string {
  const {text, origin} = metadata();
  const start = performance.now();
  project.write('images/.keep', '');
  for (const [index, name] of namesIn(text).entries()) {
    writeFileSync(join(project.folder, 'images', name), tinyPng(index));
  }
  project.write('metadata.csv', text);
  project.write(
    'noop.yaml',
    'pipeline: noop\nstages:\n' +
      '  dataset: {uses: acquire, params: {images: images, metadata: metadata.csv}}\n' +
      '  split: {uses: split, params: {method: seeded}}\n',
  );
  return `${origin}, written in ${((performance.now() - start) / 1000).toFixed(1)} s`;
}

/** What it costs to get to know the files. */
async function begin(project: Project, {name, first}: Rival): Promise<void> {
  if (first === null) return;
  const {wall, processor} = await costOf(project, first);
  console.log(`  ${name.padEnd(16)}first ${wall.toFixed(1)} s, ${processor.toFixed(1)} s of processor time`);
}

/** Seconds on the clock, and of all its processes together. */
type Cost = Readonly<{wall: number; processor: number}>;

async function costOf(project: Project, command: readonly string[], rival?: Rival): Promise<Cost> {
  // What a process and all that it has waited for took, a shell knows; Node does not.
  const script = 'TIMEFORMAT="@%R %U %S"; time "$@" 2>&1';
  const {stdout, stderr, timedOut, exitCode} = await execa('bash', ['-c', script, 'bash', ...command], {
    cwd: project.folder,
    env: {NO_COLOR: '1', DVC_NO_ANALYTICS: '1'},
    timeout: LIMIT_SECONDS * 1000,
    reject: false,
    maxBuffer: 1 << 28,
  });
  if (timedOut) return {wall: Number.POSITIVE_INFINITY, processor: Number.POSITIVE_INFINITY};
  if (exitCode !== 0) throw new Error(`${command.join(' ')}: ${stdout.slice(-2000)}${stderr}`);
  if (rival?.isIdle !== undefined && !rival.isIdle(stdout)) {
    throw new Error(`${rival.name} did something: ${stdout.slice(0, 2000)}`);
  }
  const [wall, user, system] = stderr
    .slice(stderr.lastIndexOf('@') + 1)
    .split(' ')
    .map(Number) as [number, number, number];
  return {wall, processor: user + system};
}

function rowOf({name, compares}: Rival, costs: readonly Cost[]): string {
  const walls = costs.map(({wall}) => wall).sort((a, b) => a - b);
  const seconds = (value: number): string =>
    Number.isFinite(value) ? `${value.toFixed(2)} s` : `over ${LIMIT_SECONDS} s`;
  const middle = walls[walls.length >> 1]!;
  const range = walls.length > 1 ? ` (${walls[0]!.toFixed(2)} to ${walls.at(-1)!.toFixed(2)})` : ' (once)';
  const processors = costs.map(({processor}) => processor).sort((a, b) => a - b);
  const processor = seconds(processors[processors.length >> 1]!);
  return `${name.padEnd(16)}${`${seconds(middle)}${range}`.padEnd(26)}${processor.padEnd(12)}${compares}`;
}

function machine(): string {
  const all = cpus();
  return `${all.length} × ${all[0]?.model ?? 'processor'}, Node ${process.versions.node}`;
}
