import assert from 'node:assert/strict';
import {existsSync, readdirSync, readFileSync, watch} from 'node:fs';
import {join} from 'node:path';
import {gzipSync} from 'node:zlib';
import {decisionsOf, type RunDocument, stageOf} from '../e2e/small.js';
import {type Finished, type Project, withProject} from '../rig.js';
import {dataEntry, entry} from '../stages/data.js';
import {grayPng} from '../stages/png-maker.js';
import {makeTar} from '../stages/tar-maker.js';

const CONFIG = `pipeline: sources
stages:
  dataset:
    uses: acquire
    params:
      images: [one, two]
      metadata: entries.csv
`;

const NAMES = ['a.png', 'b.png', 'c.png'];

function writeData(project: Project, config = CONFIG): void {
  project.write('sources.yaml', config);
  project.write('one/images/a.png', grayPng(80, 80, 1));
  project.write('two/deep/b.png', grayPng(80, 80, 2));
  const members = [{name: 'images/c.png', content: grayPng(80, 80, 3)}];
  project.write('two/rest.tar.gz', gzipSync(makeTar(members)));
  project.write('entries.csv', dataEntry(NAMES.map((name, index) => entry(name, index + 1))));
}

const run = (project: Project, ...args: string[]): Promise<RunDocument> =>
  project.json<RunDocument>(['run', 'sources.yaml', ...args]);

/** One message for a person, a documented exit code, no stack trace, nothing that a terminal would obey. */
function assertSaid(result: Finished, code: number, expected: RegExp): void {
  assert.equal(result.code, code, result.stderr);
  assert.match(result.stderr, expected);
  assert.doesNotMatch(result.stderr, /\n\s+at .*:\d+:\d+|Internal error|node:internal/);
  assert.doesNotMatch(result.stderr, /[\u202a-\u202e]|\p{Cc}(?<!\n)/u);
}

describe('acquire, through the command line', () => {
  it('takes folders and archives, and does nothing the second time', () =>
    withProject(async (project) => {
      writeData(project);
      const first = await run(project);
      const inventory = readFileSync(join(stageOf(first, 'dataset').artifact!, 'inventory.csv'), 'utf8');
      assert.deepEqual(
        inventory
          .trimEnd()
          .split('\n')
          .map((row) => row.split(',').slice(6).join(' ')),
        ['root archive path', '0  images/a.png', '1  deep/b.png', '1 rest.tar.gz images/c.png'],
      );
      assert.equal(decisionsOf(await run(project)), 'dataset skip');
    }));

  it('runs again when the order of its sources changes, and not when they are found elsewhere', () =>
    withProject(async (project) => {
      writeData(project);
      await run(project);
      const turned = await project.json<RunDocument>([
        'plan',
        'sources.yaml',
        '-S',
        'dataset.images=[two, one]',
      ]);
      assert.equal(decisionsOf(turned), 'dataset run');
      assert.match(stageOf(turned, 'dataset').because[0]!.text, /images\.0/);
      project.write('elsewhere/one/images/a.png', grayPng(80, 80, 1));
      const moved = ['-S', 'dataset.images=[elsewhere/one, two]'];
      assert.equal(decisionsOf(await run(project, ...moved)), 'dataset skip');
    }));

  it('names the source that is not there, with its place', () =>
    withProject(async (project) => {
      writeData(project, CONFIG.replace('two]', 'tow]'));
      const result = await project.run(['run', 'sources.yaml']);
      assertSaid(
        result,
        2,
        /sources\.yaml:6:21: error: stages\.dataset\.params\.images\.1: there is no file or folder/,
      );
    }));

  it('takes tables alone', () =>
    withProject(async (project) => {
      writeData(project, CONFIG.replace('      images: [one, two]\n', ''));
      const {summary} = stageOf(await run(project), 'dataset');
      assert.deepEqual([summary!['images'], summary!['rows_without_image']], [0, 3]);
    }));

  it('names the damaged archive and what to do, and goes on with what it has', () =>
    withProject(async (project) => {
      writeData(project);
      const bytes = readFileSync(join(project.folder, 'two/rest.tar.gz'));
      project.write('two/rest.tar.gz', bytes.subarray(0, bytes.length - 30));
      assertSaid(
        await project.run(['run', 'sources.yaml']),
        1,
        /rest\.tar\.gz is cut off.*\n.*fetch or copy it again/,
      );
    }));

  it('goes on with an unpacking that was killed', () =>
    withProject(async (project) => {
      writeData(project, `${CONFIG}      unpack: true\n`);
      const names = Array.from({length: 600}, (_, index) => `${index}.png`);
      const members = names.map((name) => ({name, content: Buffer.from(name.repeat(3000))}));
      project.write('two/rest.tar.gz', gzipSync(makeTar(members), {level: 1}));
      project.write('entries.csv', dataEntry(names.map((name) => entry(name, 1))));
      const started = project.start(['run', 'sources.yaml']);
      const home = join(project.folder, '.pipeline');
      const journal = await fileCalled('archives.ndjson', project.folder);
      const watcher = watch(journal, () => {
        if (readFileSync(journal, 'utf8').split('\n').length > 100) started.kill('SIGKILL');
      });
      assert.equal((await started).signal, 'SIGKILL');
      watcher.close();
      assert.ok(existsSync(home));
      const finished = await project.run(['run', 'sources.yaml']);
      assert.equal(finished.code, 0, finished.stderr);
      assert.match(finished.stderr, /images are known from an earlier attempt/);
      const again = stageOf(await run(project), 'dataset');
      assert.equal(readdirSync(join(again.artifact!, 'images')).length, 600);
    }));
});

describe('hostile tables, through the command line', () => {
  const rows = NAMES.map((name, index) => entry(name, index + 1));
  const cases: readonly (readonly [string, string | Uint8Array, RegExp])[] = [
    ['no rows', dataEntry([]), /entries\.csv:1:1: error: this file has a header but no rows/],
    [
      'a million columns',
      `${'a,'.repeat(1e6)}\n`,
      /entries\.csv:1:1: error: this row is longer than 100,000 characters/,
    ],
    ['NUL bytes', dataEntry([...rows, entry('d\0.png', 4)]), /entries\.csv:5:2: error: a NUL byte/],
    [
      'a formula',
      dataEntry([entry("=cmd|'calc'!A0.png", 1)]),
      /entries\.csv:2:1: error: "=cmd.*spreadsheets take/,
    ],
    [
      'a turned direction of writing',
      dataEntry([entry('a\u202egnp.exe', 1), entry('b\u0007.png', 1)]),
      /entries\.csv:2:1: error: "a\\u202egnp\.exe" has characters that cannot be seen/,
    ],
    [
      'a hundred thousand faults',
      dataEntry(Array.from({length: 100_000}, (_, index) => entry(`${index}.png`, 1).replace('PA', '??'))),
      /and 99980 more faults/,
    ],
    ['faults in a gzipped table', gzipSync(dataEntry([entry('a.png', 0)])), /│ a\.png,No Finding,0,0,58/],
  ];
  for (const [what, content, expected] of cases) {
    it(`${what} are told in a message, and exit 1`, () =>
      withProject(async (project) => {
        writeData(project);
        project.write('entries.csv', content);
        const result = await project.run(['run', 'sources.yaml'], {timeoutMs: 60_000});
        assertSaid(result, 1, expected);
        const shown = result.stderr.split('\n').filter((line) => /entries\.csv:\d+:\d+: error/.test(line));
        assert.ok(shown.length <= 20, `${shown.length} faults shown`);
      }));
  }
});

/** Waits until a file of this name is written somewhere below the folder. */
function fileCalled(name: string, folder: string): Promise<string> {
  return new Promise((resolve) => {
    const watcher = watch(folder, {recursive: true}, (_, changed) => {
      if (changed === null || !changed.endsWith(name)) return;
      watcher.close();
      resolve(join(folder, changed));
    });
  });
}
