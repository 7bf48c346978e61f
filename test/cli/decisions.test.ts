import assert from 'node:assert/strict';
import {readFileSync, writeFileSync} from 'node:fs';
import {join} from 'node:path';
import {type PlanDocument, type Project, withProject} from '../rig.js';
import {WORDS, writeWords} from './words.js';

const decisions = (document: PlanDocument): Record<string, string> =>
  Object.fromEntries(document.stages.map((stage) => [stage.id, stage.decision]));
const reasons = (document: PlanDocument, id: string): string[] =>
  document.stages.find((stage) => stage.id === id)!.because.map((reason) => reason.text);
const run = (project: Project, ...args: string[]): Promise<PlanDocument> =>
  project.json<PlanDocument>(['run', 'words.yaml', ...args]);
const plan = (project: Project, ...args: string[]): Promise<PlanDocument> =>
  project.json<PlanDocument>(['plan', 'words.yaml', ...args]);

describe('what runs, and why', () => {
  it('runs everything the first time and nothing the second', () =>
    withProject(async (project) => {
      writeWords(project);
      const first = await run(project);
      assert.deepEqual(decisions(first), {copy: 'run', shout: 'run'});
      assert.equal(first.stages[0]!.because[0]!.code, 'first-run');
      const artifact = first.stages[1]!.artifact!;
      assert.equal(readFileSync(join(artifact, 'shout.txt'), 'utf8'), 'RIB\nHEART\n');
      const second = await run(project);
      assert.deepEqual(decisions(second), {copy: 'skip', shout: 'skip'});
      assert.deepEqual(reasons(second, 'copy'), ['unchanged']);
      assert.equal(second.stages[1]!.artifact, artifact);
    }));

  it('does not mind a comment, an order of keys or another folder', () =>
    withProject(async (project) => {
      writeWords(project);
      await run(project);
      const stirred = WORDS.replace(
        '      deps: [words.txt]\n      outs: [copy.txt]\n',
        '      outs: [copy.txt] # what it makes\n      deps: [words.txt]\n',
      );
      assert.notEqual(stirred, WORDS);
      project.write('words.yaml', `# a remark\n${stirred}`);
      assert.deepEqual(decisions(await run(project)), {copy: 'skip', shout: 'skip'});
      project.write('elsewhere/words.txt', 'rib\nheart\n');
      project.write('elsewhere/words.yaml', WORDS);
      const moved = await project.json<PlanDocument>(['run', 'elsewhere/words.yaml']);
      assert.deepEqual(decisions(moved), {copy: 'skip', shout: 'skip'});
    }));

  it('names the file that changed, and plans what follows', () =>
    withProject(async (project) => {
      writeWords(project);
      await run(project);
      project.write('words.txt', 'lung\n');
      const planned = await plan(project);
      assert.deepEqual(decisions(planned), {copy: 'run', shout: 'run'});
      assert.deepEqual(
        planned.stages.map((stage) => stage.because.map((reason) => reason.code)),
        [['file-changed'], ['need-runs']],
      );
      assert.match(reasons(planned, 'copy')[0]!, /words\.txt/);
      assert.deepEqual(reasons(planned, 'shout'), ['needs copy, which runs']);
      assert.deepEqual(decisions(await run(project)), {copy: 'run', shout: 'run'});
    }));

  it('stops where a stage that ran gives the same output as before', () =>
    withProject(async (project) => {
      writeWords(project);
      await run(project);
      const command = 'command: cp words.txt $PIPELINE_OUT_DIR/copy.txt';
      project.write('words.yaml', WORDS.replace(command, `${command} && true`));
      const second = await run(project);
      assert.deepEqual(decisions(second), {copy: 'run', shout: 'skip'});
      const reason = second.stages[0]!.because[0]!;
      assert.equal(reason.code, 'parameter-changed');
      assert.equal(reason.line, 6);
      assert.match(reason.file!, /words\.yaml$/);
    }));

  it('restores the older artifacts when an old value comes back', () =>
    withProject(async (project) => {
      writeWords(project);
      const first = await run(project);
      project.write('words.txt', 'lung\n');
      await run(project);
      project.write('words.txt', 'rib\nheart\n');
      const third = await run(project);
      assert.deepEqual(decisions(third), {copy: 'restore', shout: 'restore'});
      assert.deepEqual(
        third.stages.map((stage) => stage.artifact),
        first.stages.map((stage) => stage.artifact),
      );
    }));

  it('runs a stage again when its output was edited or removed', () =>
    withProject(async (project) => {
      writeWords(project);
      const first = await run(project);
      const output = join(first.stages[1]!.artifact!, 'shout.txt');
      // Outputs are read-only files; whoever wants to spoil one replaces it.
      const {rmSync} = await import('node:fs');
      rmSync(output);
      writeFileSync(output, 'WHISPER\n');
      const planned = await plan(project);
      assert.deepEqual(decisions(planned), {copy: 'skip', shout: 'run'});
      assert.match(reasons(planned, 'shout')[0]!, /shout\.txt/);
      await run(project);
      assert.equal(readFileSync(output, 'utf8'), 'RIB\nHEART\n');
    }));

  it('forces all stages, or one', () =>
    withProject(async (project) => {
      writeWords(project);
      await run(project);
      assert.deepEqual(decisions(await run(project, '--force')), {copy: 'run', shout: 'run'});
      assert.deepEqual(decisions(await run(project, '--force=copy')), {copy: 'run', shout: 'skip'});
    }));

  it('says with `why` and `status` what `plan` says, and `plan --check` exits 3 when something is stale', () =>
    withProject(async (project) => {
      writeWords(project);
      await run(project);
      assert.equal((await project.run(['plan', 'words.yaml', '--check'])).code, 0);
      project.write('words.txt', 'lung\n');
      const planned = await project.run(['plan', 'words.yaml', '--check']);
      assert.equal(planned.code, 3);
      const why = await project.run(['why', 'shout']);
      assert.match(why.stdout, /shout\s+RUN\s+needs copy, which runs/);
      const status = await project.json<PlanDocument>(['status']);
      assert.deepEqual(decisions(status), {copy: 'run', shout: 'run'});
    }));

  it('plans without writing anything', () =>
    withProject(async (project) => {
      writeWords(project);
      assert.deepEqual(decisions(await plan(project)), {copy: 'run', shout: 'run'});
      const dry = await project.json<PlanDocument>(['run', 'words.yaml', '--dry-run']);
      assert.deepEqual(decisions(dry), {copy: 'run', shout: 'run'});
      assert.equal(project.has('.pipeline'), false);
    }));
});
