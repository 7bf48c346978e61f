import {mkdirSync, readdirSync, writeFileSync} from 'node:fs';
import {join} from 'node:path';
import {CLI, type Project, withProject} from '../rig.js';
import {type Cost, costOf, rangeOf} from './measuring/cost.js';

const ROUNDS = 15;
const STAGES = 9;
const RUNS = 1000;

// What a run costs that has nothing to do, and a list of many runs: the whole process, beside an empty Node and a command
// that loads nothing.
await withProject(async (project) => {
  project.write('data.txt', 'rib\n');
  project.write('chain.yaml', chain());
  const first = await project.run(['run', 'chain.yaml']);
  if (first.code !== 0) throw new Error(first.stderr);
  const many = join(project.folder, 'many');
  addRuns(project, many);
  const commands = {
    'node, nothing': ['-e', '0'],
    'pipeline --version': [CLI, '--version'],
    [`pipeline plan, ${STAGES} stages up to date`]: [CLI, 'plan', 'chain.yaml'],
    [`pipeline run, ${STAGES} stages up to date`]: [CLI, 'run', 'chain.yaml'],
    [`pipeline ls, ${RUNS} runs of ${STAGES} stages`]: [CLI, '--home', many, 'ls'],
  };
  const costs = new Map<string, Cost[]>(Object.keys(commands).map((name) => [name, []]));
  // In turn, so that whatever else the machine does meets all of them alike.
  for (let round = 0; round < ROUNDS; round++) {
    for (const [name, args] of Object.entries(commands)) {
      costs.get(name)!.push(await costOf([process.execPath, ...args], {folder: project.folder}));
    }
  }
  console.log(`  ${''.padEnd(40)}${'by the clock'.padEnd(26)}processor time`);
  for (const [name, taken] of costs) {
    const [clock, processor] = (['wall', 'processor'] as const).map((part) =>
      rangeOf(taken.map((cost) => cost[part])),
    );
    console.log(`  ${name.padEnd(40)}${clock!.padEnd(26)}${processor}`);
  }
});

function chain(): string {
  const stages = Array.from({length: STAGES}, (_, index) => {
    const source = index === 0 ? 'data.txt' : `$PIPELINE_NEED_S${index - 1}/out.txt`;
    const needs = index === 0 ? 'deps: [data.txt], ' : '';
    const edge = index === 0 ? '' : `needs: [s${index - 1}], `;
    return `  s${index}: {uses: exec, ${edge}params: {command: cp ${source} $PIPELINE_OUT_DIR/out.txt, ${needs}outs: [out.txt]}}`;
  });
  return `pipeline: chain\nstages:\n${stages.join('\n')}\n`;
}

/** A state directory of runs as the first one was. */
function addRuns(project: Project, home: string): void {
  const [name] = readdirSync(join(project.folder, '.pipeline/runs'));
  const record = JSON.parse(project.read(`.pipeline/runs/${name}/run.json`)) as object;
  for (let index = 0; index < RUNS; index++) {
    const run = `run-${index}`;
    const startedAt = new Date(Date.UTC(2026, 0, 1) + index * 1000).toISOString();
    mkdirSync(join(home, 'runs', run), {recursive: true});
    writeFileSync(
      join(home, 'runs', run, 'run.json'),
      `${JSON.stringify({...record, run, startedAt}, null, 2)}\n`,
    );
  }
}
