import assert from 'node:assert/strict';
import {once} from 'node:events';
import {join} from 'node:path';
import {execa} from 'execa';
import {CLI, type PlanDocument, type Project, withProject} from '../rig.js';
import {WORDS, writeWords} from './words.js';

type Event = Readonly<{seq: number; type: string; stage?: string}>;

const eventsIn = (text: string): Event[] =>
  text
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line) as Event);

describe('what is printed for machines', () => {
  it('run --events ndjson streams every event, numbered from 1', () =>
    withProject(async (project) => {
      writeWords(project);
      const result = await project.run(['run', 'words.yaml', '--events', 'ndjson']);
      assert.equal(result.code, 0);
      const events = eventsIn(result.stdout);
      assert.deepEqual(
        events.map(({seq}) => seq),
        events.map((_, index) => index + 1),
      );
      assert.equal(events[0]!.type, 'run-started');
      assert.equal(events.at(-1)!.type, 'run-finished');
      const logs = await project.run(['logs', '--events', 'ndjson']);
      assert.deepEqual(eventsIn(logs.stdout), events);
      const document = await project.json<{schema: string; events: Event[]}>(['logs', '@last', 'shout']);
      assert.equal(document.schema, 'pipeline/logs/v1');
      assert.deepEqual(
        document.events,
        events.filter(({stage}) => stage === 'shout'),
      );
    }));

  it('a reader that goes away does not end a run', () =>
    withProject(async (project) => {
      writeWords(
        project,
        WORDS.replace('cp words.txt', 'for i in 1 2 3 4 5 6; do echo $i; sleep 0.1; done; cp words.txt'),
      );
      const child = project.start(['run', 'words.yaml', '--events', 'ndjson']);
      await once(child.stdout!, 'data');
      child.stdout!.destroy();
      child.stderr!.destroy();
      assert.equal((await child).exitCode, 0);
      const {runs} = await project.json<{runs: {status: string}[]}>(['ls']);
      assert.equal(runs[0]!.status, 'succeeded');
    }));

  it('a refusal with --json is one document too', () =>
    withProject(async (project) => {
      writeWords(project, WORDS.replace('uses: exec', 'uses: exce'));
      for (const args of [
        ['run', 'words.yaml'],
        ['plan', 'words.yaml'],
        ['config', 'words.yaml'],
        ['show', 'nobody'],
      ]) {
        const result = await project.run([...args, '--json']);
        assert.equal(result.code, 2);
        const document = JSON.parse(result.stdout) as {schema: string; diagnostics: {message: string}[]};
        assert.equal(document.schema, 'pipeline/error/v1');
        assert.equal(document.diagnostics.length > 0, true);
      }
    }));
});

describe('--force', () => {
  const decisions = async (project: Project, ...args: string[]): Promise<string> => {
    const document = await project.json<PlanDocument>(args);
    return document.stages.map(({decision}) => decision).join(' ');
  };

  it('may stand anywhere, also after an option with a value', () =>
    withProject(async (project) => {
      writeWords(project);
      await project.json(['run', 'words.yaml']);
      assert.equal(await decisions(project, '--home', '.pipeline', 'plan', '-f', 'words.yaml'), 'run run');
      assert.equal(
        await decisions(project, '--color', 'never', 'plan', 'words.yaml', '--force=shout'),
        'skip run',
      );
      assert.equal(await decisions(project, 'plan', 'words.yaml', '-f'), 'run run');
    }));

  it('does not take all for one: `--force shout` is refused with how to write it', () =>
    withProject(async (project) => {
      writeWords(project);
      const result = await project.run(['run', 'words.yaml', '--force', 'shout']);
      assert.equal(result.code, 2);
      assert.match(result.stderr, /--force=shout/);
      const unknown = await project.run(['run', 'words.yaml', '--force=shuot']);
      assert.equal(unknown.code, 2);
      assert.match(unknown.stderr, /did you mean .?shout/);
    }));
});

describe('reading commands', () => {
  it('config shows values with their origin', () =>
    withProject(async (project) => {
      writeWords(project);
      const result = await project.run(['config', 'words.yaml', '--show-origin', '-S', 'shout.command=date']);
      assert.equal(result.code, 0, result.stderr);
      assert.match(result.stdout, /command: .*date.* # -S shout\.command=date/);
      assert.match(result.stdout, /words\.yaml:6/);
      const document = await project.json<{schema: string}>(['config', 'words.yaml']);
      assert.equal(document.schema, 'pipeline/config/v1');
    }));

  it('dag draws the graph as text, Mermaid and JSON', () =>
    withProject(async (project) => {
      writeWords(project);
      assert.match((await project.run(['dag', 'words.yaml'])).stdout, /copy[\s\S]*shout/);
      assert.match(
        (await project.run(['dag', 'words.yaml', '--format', 'mermaid'])).stdout,
        /copy -->\|files\| shout/,
      );
      const document = await project.json<{stages: {id: string}[]}>(['dag', 'words.yaml']);
      assert.deepEqual(
        document.stages.map(({id}) => id),
        ['copy', 'shout'],
      );
    }));

  it('keeps name, message and tags of a run, and refuses a name twice', () =>
    withProject(async (project) => {
      writeWords(project);
      const named = ['run', 'words.yaml', '--name', 'first', '-m', 'a try', '--tag', 'who=me'];
      await project.json(named);
      const {runs} = await project.json<{runs: {run: string; message: string; tags: object}[]}>(['ls']);
      assert.deepEqual([runs[0]!.run, runs[0]!.message, runs[0]!.tags], ['first', 'a try', {who: 'me'}]);
      const again = await project.run(named);
      assert.notEqual(again.code, 0);
      assert.match(again.stderr, /first/);
    }));

  it('status and why find the last configuration from another folder', () =>
    withProject(async (project) => {
      writeWords(project);
      await project.json(['run', 'words.yaml']);
      project.write('elsewhere/here', '');
      const options = {cwd: join(project.folder, 'elsewhere')};
      const why = await project.run(['--home', '../.pipeline', 'why', 'shout'], options);
      assert.match(why.stdout, /shout\s+SKIP\s+unchanged/);
    }));

  it('a slot keeps two stages apart', () =>
    withProject(async (project) => {
      const stage = (id: string): string =>
        `  ${id}: {uses: exec, slots: {gate: 1}, params: {command: ": ${id}; mkdir ../gate && sleep 0.3 && rmdir ../gate && touch $PIPELINE_OUT_DIR/x", outs: [x]}}\n`;
      project.write('c/slots.yaml', `pipeline: slots\nstages:\n${stage('a')}${stage('b')}`);
      const apart = await project.run(['run', 'c/slots.yaml', '--slots', 'gate=1']);
      assert.equal(apart.code, 0, apart.stderr);
      const together = await project.run(['run', 'c/slots.yaml', '--slots', 'gate=2', '--force']);
      assert.equal(together.code, 1);
    }));
});

describe('completion', () => {
  const complete = async (...words: string[]): Promise<string[]> => {
    const script = `source <("$0" "$1" completion bash); shift; COMP_WORDS=(pipeline "$@"); COMP_CWORD=$#; _pipeline; printf '%s\\n' "\${COMPREPLY[@]}"`;
    const {stdout} = await execa('bash', [
      '-c',
      script.replace('"$0" "$1"', `"${process.execPath}" "${CLI}"`),
      'x',
      'y',
      ...words,
    ]);
    return stdout.split('\n').filter((word) => word !== '');
  };

  it('completes verbs, options and choices in bash', async () => {
    assert.deepEqual(await complete('ru'), ['run']);
    assert.deepEqual(await complete('--home', 'x', 'dag', '--form'), ['--format']);
    assert.deepEqual(await complete('dag', '--format', 'mer'), ['mermaid']);
    assert.deepEqual(await complete('completion', 'z'), ['zsh']);
    assert.deepEqual(await complete('bench', 't'), ['train']);
    assert.deepEqual(await complete('bench', 'train', '--batch'), ['--batch-size']);
    assert.deepEqual(await complete('compare', 'a.json', '--with'), ['--with-published']);
  });

  it('knows zsh and fish, and names them when asked for another', () =>
    withProject(async (project) => {
      assert.match((await project.run(['completion', 'zsh'])).stdout, /^#compdef pipeline/);
      assert.match((await project.run(['completion', 'fish'])).stdout, /complete -c pipeline/);
      const other = await project.run(['completion', 'tcsh']);
      assert.equal(other.code, 2);
      assert.match(other.stderr, /bash, zsh, fish/);
    }));
});
