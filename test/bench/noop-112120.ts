import {writeFileSync} from 'node:fs';
import {cpus} from 'node:os';
import {join} from 'node:path';
import {type Project, withProject} from '../rig.js';
import {type Cost, costOf, medianOf, rangeOf} from './measuring/cost.js';
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
      const cost = await costOf(rival.again, {folder: project.folder, limitSeconds: LIMIT_SECONDS});
      const isIdle = rival.isIdle?.(cost.output) ?? true;
      if (!isIdle) throw new Error(`${rival.name} did something: ${cost.output.slice(0, 2000)}`);
      costs.push(cost);
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
  const {wall, processor} = await costOf(first, {folder: project.folder});
  console.log(`  ${name.padEnd(16)}first ${wall.toFixed(1)} s, ${processor.toFixed(1)} s of processor time`);
}

function rowOf({name, compares}: Rival, costs: readonly Cost[]): string {
  const isOver = costs.some(({wall}) => !Number.isFinite(wall));
  const clock = isOver ? `over ${LIMIT_SECONDS} s` : rangeOf(costs.map(({wall}) => wall));
  const processor = isOver ? '' : `${medianOf(costs.map((cost) => cost.processor)).toFixed(2)} s`;
  return `${name.padEnd(16)}${clock.padEnd(26)}${processor.padEnd(12)}${compares}`;
}

function machine(): string {
  const all = cpus();
  return `${all.length} × ${all[0]?.model ?? 'processor'}, Node ${process.versions.node}`;
}
