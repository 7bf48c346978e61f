import {performance} from 'node:perf_hooks';
import {execa} from 'execa';
import {CLI, withProject} from '../rig.js';

const ROUNDS = 15;
const STAGES = 9;

// What a run costs that has nothing to do: the whole process, beside an empty Node and a command that loads nothing.
await withProject(async (project) => {
  project.write('data.txt', 'rib\n');
  project.write('chain.yaml', chain());
  const first = await project.run(['run', 'chain.yaml']);
  if (first.code !== 0) throw new Error(first.stderr);
  const commands = {
    'node, nothing': ['-e', '0'],
    'pipeline --version': [CLI, '--version'],
    [`pipeline plan, ${STAGES} stages up to date`]: [CLI, 'plan', 'chain.yaml'],
    [`pipeline run, ${STAGES} stages up to date`]: [CLI, 'run', 'chain.yaml'],
  };
  const times = new Map<string, number[]>(Object.keys(commands).map((name) => [name, []]));
  // In turn, so that whatever else the machine does meets all of them alike.
  for (let round = 0; round < ROUNDS; round++) {
    for (const [name, args] of Object.entries(commands)) {
      times.get(name)!.push(await millisecondsOf(args, project.folder));
    }
  }
  for (const [name, taken] of times) console.log(`  ${name.padEnd(40)}${summaryOf(taken)}`);
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

async function millisecondsOf(args: readonly string[], cwd: string): Promise<number> {
  const start = performance.now();
  await execa(process.execPath, args, {cwd});
  return performance.now() - start;
}

function summaryOf(milliseconds: readonly number[]): string {
  const sorted = milliseconds.toSorted((a, b) => a - b).map(Math.round);
  return `median ${sorted[Math.floor(sorted.length / 2)]} ms (${sorted[0]} to ${sorted.at(-1)} ms)`;
}
