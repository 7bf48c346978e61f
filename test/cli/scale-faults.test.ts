import assert from 'node:assert/strict';
import {existsSync, readdirSync, readFileSync, truncateSync} from 'node:fs';
import {join} from 'node:path';
import {setTimeout as delay} from 'node:timers/promises';
import {decodeTable} from '../../pipeline/store/stat-table.js';
import {type PlanDocument, type Project, withProject} from '../rig.js';
import {GATED, started} from './gated.js';
import {decisions, imageName, runCounted, settle, writeImage, writeImages} from './many-files.js';
import {makeSlowFile, type Reading, type SlowFile} from './slow-file.js';

const MEGABYTE = 1 << 20;
const HASHED = {count: 80, bytes: 32 * MEGABYTE};

/** A stage that reads a folder whose files take seconds to hash, and hardly any room on the disk. */
async function writeHashed(project: Project): Promise<void> {
  project.write('many.yaml', GATED.replace('outs:', 'deps: [../images]\n      outs:').replaceAll('../', ''));
  project.write('open', '');
  for (let index = 0; index < HASHED.count; index++) {
    const path = project.write(`images/${imageName(index)}`, '');
    truncateSync(path, HASHED.bytes + index);
  }
  await settle(project, `images/${imageName(HASHED.count - 1)}`);
}

/** Resolves once something of what was hashed is on the disk. @returns the folder of the tables. */
async function kept(project: Project): Promise<string> {
  const folder = join(project.folder, '.pipeline/cache/stat');
  for (let round = 0; round < 6000; round++) {
    if (existsSync(folder) && readdirSync(folder).some((name) => !name.startsWith('.'))) return folder;
    await delay(10);
  }
  throw new Error('nothing was kept');
}

function filesIn(folder: string): number {
  const tables = readdirSync(folder).filter((name) => !name.startsWith('.'));
  return Math.max(...tables.map((name) => decodeTable(readFileSync(join(folder, name)))!.names.length));
}

describe('a run that is killed while it hashes', () => {
  for (const [signal, how] of [
    ['SIGKILL', 'a kill'],
    ['SIGINT', 'Ctrl-C'],
  ] as const) {
    it(`has kept what it knew: after ${how} only the rest is read`, () =>
      withProject(async (project) => {
        await writeHashed(project);
        const first = project.start(['run', 'many.yaml', '--name', 'first', '--events', 'ndjson']);
        const folder = await kept(project);
        first.kill(signal);
        const {exitCode, stdout} = await first;
        const {status} = await project.json<{status: string}>(['show', 'first']);
        const expected = signal === 'SIGINT' ? [130, 'interrupted'] : [undefined, 'unfinished'];
        assert.deepEqual([exitCode, status], expected);
        assert.doesNotMatch(String(stdout), /stage-started/, 'it was to be killed while it hashed');
        const known = filesIn(folder);
        assert.ok(known > 0 && known < HASHED.count, `${known} of ${HASHED.count} files`);

        const {document, bytes} = await runCounted(project);
        assert.deepEqual(decisions(document), ['run']);
        assert.equal(document.stages[0]!.state, 'succeeded');
        const left = (HASHED.count - known) * HASHED.bytes;
        assert.ok(bytes < left + 20 * MEGABYTE, `${bytes} bytes were read, ${left} were left`);
        assert.equal(filesIn(folder), HASHED.count);
      }));
  }
});

describe('a folder that changes while a stage reads it', () => {
  it('taints what the stage makes, which is said wherever the run is told of', () =>
    withProject(async (project) => {
      project.write('configs/gated.yaml', GATED.replace('outs:', 'deps: [../images]\n      outs:'));
      for (const name of ['a.png', 'b.png']) project.write(`images/${name}`, name);
      await settle(project, 'images/b.png');
      const run = project.start(['run', 'configs/gated.yaml', '--name', 'mine']);
      await started(project, 1);
      project.write('images/b.png', 'B.png');
      project.write('open', '');
      const {exitCode, stderr} = await run;
      assert.equal(exitCode, 0);
      assert.match(String(stderr), /wait\s+tainted\s+changed while it ran: deps\.\S*images/);
      await assertTainted(project, 'wait', /^deps\..*images$/);
      // What it made belongs to a state of the folder that is gone.
      const again = await project.json<PlanDocument>(['run', 'configs/gated.yaml']);
      assert.deepEqual(decisions(again), ['run']);
    }));

  it('taints a data set that is taken stock of', () =>
    withProject(async (project) => {
      const {run, reading, metadata} = await startAcquire(project);
      writeImage(project, imageName(1), {index: 77, bytes: 1000});
      await reading.give();
      await metadata.giveUntil(run);
      const {exitCode, stderr} = await run;
      assert.equal(exitCode, 0, String(stderr));
      await assertTainted(project, 'dataset', /^images$/);
    }));
});

describe('a run that is killed while it takes stock of a data set', () => {
  it('leaves no artifact behind, and the next one makes one', () =>
    withProject(async (project) => {
      const {run, reading, metadata} = await startAcquire(project);
      run.kill('SIGKILL');
      await run;
      await reading.leave();
      const artifacts = join(project.folder, '.pipeline/artifacts');
      assert.deepEqual(
        readdirSync(artifacts).filter((name) => !name.endsWith('.tmp')),
        [],
      );
      const again = project.start(['run', 'many.yaml', '--json']);
      await metadata.giveUntil(again);
      const {exitCode, stdout} = await again;
      assert.equal(exitCode, 0);
      const document = JSON.parse(String(stdout)) as PlanDocument;
      assert.deepEqual(decisions(document), ['run', 'run']);
      assert.equal(readdirSync(artifacts).length, 2, 'one for each stage, and no leftovers');
    }));
});

/** A run that has decided about its data set and now waits for its metadata. */
async function startAcquire(project: Project): Promise<
  Readonly<{
    run: ReturnType<Project['start']>;
    metadata: SlowFile;
    reading: Reading;
  }>
> {
  writeImages(project, {count: 30, bytes: 1000});
  await settle(project, `images/${imageName(29)}`);
  const text = project.read('metadata.csv');
  project.write('many.yaml', project.read('many.yaml').replace('metadata.csv', 'slow.csv'));
  const metadata = makeSlowFile(join(project.folder, 'slow.csv'), text);
  const run = project.start(['run', 'many.yaml', '--name', 'mine']);
  await (await metadata.read()).give();
  return {run, metadata, reading: await metadata.read()};
}

async function assertTainted(project: Project, id: string, what: RegExp): Promise<void> {
  type Shown = {stages: {id: string; tainted: string[]; artifact: string}[]};
  const {stages} = await project.json<Shown>(['show', 'mine']);
  const {tainted, artifact} = stages.find((stage) => stage.id === id)!;
  assert.equal(tainted.length, 1);
  assert.match(tainted[0]!, what);
  const record = JSON.parse(readFileSync(join(artifact, 'stage.json'), 'utf8')) as {tainted: string[]};
  assert.deepEqual(record.tainted, tainted);
  const {stdout} = await project.run(['show', 'mine']);
  assert.match(stdout, new RegExp(`${id}\\s+RUN\\s+tainted`));
  assert.match(stdout, new RegExp(`${id} is tainted: changed while it ran: .*images`));
}
