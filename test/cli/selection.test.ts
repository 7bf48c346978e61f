import assert from 'node:assert/strict';
import {type PlanDocument, type Project, withProject} from '../rig.js';

/** a → b → d, a → c → d: each writes its name. */
const DIAMOND = `pipeline: diamond
stages:
${['a', 'b', 'c', 'd'].map(stage).join('')}`;

function stage(id: string): string {
  const needs = {a: '[]', b: '[a]', c: '[a]', d: '[b, c]'}[id];
  return `  ${id}: {uses: exec, needs: ${needs}, params: {command: "echo ${id} > $PIPELINE_OUT_DIR/out", outs: [out]}}\n`;
}

async function ran(project: Project, ...args: string[]): Promise<string> {
  const document = await project.json<PlanDocument>(['run', 'diamond.yaml', ...args]);
  return document.stages
    .filter((entry) => entry.state === 'succeeded' && entry.decision === 'run')
    .map((entry) => entry.id)
    .join('');
}

describe('choosing stages', () => {
  for (const [args, expected] of [
    [['b'], 'ab'],
    [['--until', 'c'], 'ac'],
    [['--skip', 'b'], 'ac'],
    [['--skip=b,c'], 'a'],
    [['b', 'c'], 'abc'],
  ] as const) {
    it(`run ${args.join(' ')} runs ${expected}`, () =>
      withProject(async (project) => {
        project.write('diamond.yaml', DIAMOND);
        assert.equal(await ran(project, ...args), expected);
      }));
  }

  it('--only and --from take what is there and run nothing before it', () =>
    withProject(async (project) => {
      project.write('diamond.yaml', DIAMOND);
      await ran(project);
      assert.equal(await ran(project, '--only=b', '--force'), 'b');
      assert.equal(await ran(project, '--from=b', '--force'), 'bd');
    }));

  it('--only fails with a clear message when a needed stage has never run', () =>
    withProject(async (project) => {
      project.write('diamond.yaml', DIAMOND);
      const result = await project.run(['run', 'diamond.yaml', '--only=b']);
      assert.equal(result.code, 1);
      assert.match(result.stderr, /b\s+cancelled\s+needs a, which was left out and is not up to date/);
    }));

  it('a stage that does not exist is a usage error with the nearest name', () =>
    withProject(async (project) => {
      project.write('diamond.yaml', DIAMOND.replaceAll('  d:', '  evaluate:'));
      const result = await project.run(['run', 'diamond.yaml', 'evalute']);
      assert.equal(result.code, 2);
      assert.match(result.stderr, /evalute.*\n?.*did you mean .?evaluate/s);
    }));
});
