import assert from 'node:assert/strict';
import {mkdirSync, rmSync} from 'node:fs';
import {join} from 'node:path';
import {withProject} from '../rig.js';
import {started, writeGated} from './gated.js';

/** The second stage goes well only when the file `fine` is there; each stage leaves a line in `ran`. */
const CONFIG = `pipeline: steps
stages:
  one:
    uses: exec
    params:
      command: echo one >> ran; echo rib > $PIPELINE_OUT_DIR/out
      outs: [out]
  two:
    uses: exec
    needs: [one]
    params:
      command: echo two >> ran; [ -e fine ] && cat $PIPELINE_NEED_ONE/out > $PIPELINE_OUT_DIR/out
      outs: [out]
  three:
    uses: exec
    needs: [two]
    params:
      command: echo three >> ran; cp $PIPELINE_NEED_TWO/out $PIPELINE_OUT_DIR/out
      outs: [out]
`;

const OVERLAY = `stages:
  one:
    params:
      command: echo overlaid >> ran; echo heart > $PIPELINE_OUT_DIR/out
`;

type Show = Readonly<{
  run: string;
  message: string | null;
  tags: Readonly<Record<string, string>>;
  stages: readonly Readonly<{id: string; decision: string | null; state: string | null}>[];
}>;

describe('pipeline resume', () => {
  it('gives the run once more as it was chosen, from its folder; what was forced is not forced twice', () =>
    withProject(async (project) => {
      project.write('steps.yaml', CONFIG);
      project.write('overlay.yaml', OVERLAY);
      project.write('fine', '');
      assert.equal((await project.run(['run', 'steps.yaml', '-c', 'overlay.yaml'])).code, 0);
      rmSync(join(project.folder, 'fine'));
      rmSync(join(project.folder, 'ran'));
      const chosen = ['-c', 'overlay.yaml', '-S', 'three.env=[HOME]', '--until', 'three', '--force'];
      const kept = ['--name', 'calm-carina', '-m', 'a note', '--tag', 'fold=2'];
      assert.equal((await project.run(['run', 'steps.yaml', ...kept, ...chosen])).code, 1);
      assert.equal(project.read('ran'), 'overlaid\ntwo\n');

      project.write('fine', '');
      const elsewhere = join(project.folder, 'elsewhere');
      mkdirSync(elsewhere);
      const home = ['--home', join(project.folder, '.pipeline')];
      const said = `going on with run calm-carina (failed): pipeline run steps.yaml ${[...kept, ...chosen]
        .map((word) => (/[ []/.test(word) ? `'${word}'` : word))
        .join(' ')}, in ${project.folder}\n`;
      const planned = await project.run([...home, 'resume', 'calm', '-n'], {cwd: elsewhere});
      assert.equal(planned.stderr, said.replace("'three.env=[HOME]'", 'three.env=[HOME]'));
      assert.match(planned.stdout, /^one +SKIP .*\ntwo +RUN +forced\nthree +RUN +forced/);
      const resumed = await project.run([...home, 'resume', '--json'], {cwd: elsewhere});
      assert.equal(resumed.code, 0, resumed.stderr);
      const {run, message, tags, stages} = JSON.parse(resumed.stdout) as Show;
      assert.notEqual(run, 'calm-carina');
      assert.deepEqual([message, tags], ['a note', {fold: '2'}]);
      assert.deepEqual(
        stages.map(({id, decision}) => `${id} ${decision}`),
        ['one skip', 'two run', 'three run'],
      );
      assert.equal(project.read('ran'), 'overlaid\ntwo\ntwo\nthree\n');

      const done = await project.run(['resume', run]);
      assert.deepEqual([done.code, done.stdout], [0, '']);
      assert.match(done.stderr, new RegExp(`^run ${run} succeeded: nothing of it is left to do`));
      assert.equal((await project.json<{resumed: boolean}>(['resume', run])).resumed, false);

      rmSync(join(project.folder, 'overlay.yaml'));
      const gone = await project.run(['resume', 'calm-carina']);
      assert.equal(gone.code, 2);
      assert.match(gone.stderr, /overlay\.yaml:1:1/);
      assert.match(gone.stderr, /run calm-carina was made of a file that is gone/);
      assert.match(gone.stderr, /it is kept in .*calm-carina\/config\.resolved\.yaml/);
    }));

  it('leaves a run alone that is under way', () =>
    withProject(async (project) => {
      writeGated(project);
      const running = project.start(['run', 'configs/gated.yaml', '--name', 'calm-carina']);
      await started(project, 1);
      const refused = await project.run(['resume']);
      assert.equal(refused.code, 5);
      assert.match(refused.stderr, new RegExp(`run calm-carina is running \\(process ${running.pid}\\)`));
      project.write('open', '');
      assert.equal((await running).exitCode, 0);
    }));
});
