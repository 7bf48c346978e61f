import assert from 'node:assert/strict';
import {join} from 'node:path';
import {type Finished, type Project, withProject} from '../rig.js';
import {dataEntry, entry} from '../stages/data.js';
import {grayPng, makePng} from '../stages/png-maker.js';
import {WORDS, writeWords} from './words.js';

const CONFIG = `pipeline: bad
stages:
  dataset:
    uses: acquire
    params:
      images: images
      metadata: entries.csv
  preprocess:
    uses: preprocess
    params:
      size: 64
`;

/** Three good images of two patients, and the metadata to go with them. */
function writeData(project: Project): void {
  project.write('bad.yaml', CONFIG);
  for (const [seed, name] of NAMES.entries()) project.write(`images/${name}`, grayPng(80, 80, seed));
  project.write('entries.csv', dataEntry(NAMES.map((name, index) => entry(name, index + 1))));
}

const NAMES = ['a.png', 'b.png', 'c.png'];
const LINES = NAMES.map((name, index) => entry(name, index + 1));

/** One message for a person, a documented exit code, no stack trace. */
function assertSaid(result: Finished, code: number, expected: RegExp): void {
  assert.equal(result.code, code, result.stderr);
  assert.match(result.stderr, expected);
  assert.doesNotMatch(result.stderr, /\n\s+at .*:\d+:\d+|Internal error|node:internal/);
}

describe('mistakes in a configuration, through the command line', () => {
  for (const [name, config, expected] of [
    ['broken YAML', WORDS.replace('stages:', 'stages: ['), /words\.yaml:\d+:\d+/],
    [
      'an unknown key',
      WORDS.replace('    uses: exec', '    usse: exec'),
      /words\.yaml:4:5.*did you mean .*uses/s,
    ],
    ['a wrong type', WORDS.replace('outs: [copy.txt]', 'outs: 7'), /words\.yaml:8:13/],
    ['a need that nobody is', WORDS.replace('needs: [copy]', 'needs: [cpoy]'), /words\.yaml:11:13.*copy/s],
    ['a cycle', WORDS.replace('    params:', '    needs: [shout]\n    params:'), /copy → shout → copy/],
  ] as const) {
    it(`${name} is told with its place, and exit 2`, () =>
      withProject(async (project) => {
        writeWords(project, config);
        assertSaid(await project.run(['run', 'words.yaml']), 2, expected);
        assert.equal(project.has('.pipeline'), false);
      }));
  }

  it('a folder that is not there is told with what to do, and exit 2', () =>
    withProject(async (project) => {
      writeData(project);
      project.write('bad.yaml', CONFIG.replace('images: images', 'images: imagse'));
      const result = await project.run(['run', 'bad.yaml']);
      assertSaid(result, 2, /bad\.yaml:6:15/);
      assert.match(result.stderr, /there is no file or folder .*imagse/);
      const validated = await project.run(['validate', 'bad.yaml']);
      assert.equal(validated.code, 0);
      assert.match(validated.stderr, /warning/);
    }));

  it('a file that is not there, and an unknown command, are usage errors', () =>
    withProject(async (project) => {
      assertSaid(await project.run(['run', 'nothing.yaml']), 2, /nothing\.yaml/);
      assertSaid(await project.run(['rnu']), 2, /unknown command 'rnu'/);
      assertSaid(await project.run(['show', 'no-such-run']), 2, /there is no run yet/);
    }));
});

describe('mistakes in the metadata, through the command line', () => {
  const faults: readonly (readonly [string, string, RegExp])[] = [
    ['a missing column', dataEntry(LINES).replace('Patient ID', 'Patient'), /entries\.csv:1.*Patient ID/s],
    ['a duplicate image', dataEntry([...LINES, LINES[0]!]), /entries\.csv:5:1.*a\.png/s],
    ['an unknown finding', dataEntry(LINES).replace('No Finding', 'Pneumonai'), /entries\.csv:2.*Pneumonia/s],
    ['a negative age', dataEntry(LINES).replace(/,\d+,([MF]),/, ',-4,$1,'), /entries\.csv:2.*-4/s],
  ];
  for (const [name, text, expected] of faults) {
    it(`${name} is told with its line`, () =>
      withProject(async (project) => {
        writeData(project);
        assert.notEqual(text, dataEntry(LINES));
        project.write('entries.csv', text);
        assertSaid(await project.run(['run', 'bad.yaml', 'dataset']), 1, expected);
      }));
  }

  for (const [name, change] of [
    ['no final newline', (text: string) => text.trimEnd()],
    ['CRLF', (text: string) => text.replaceAll('\n', '\r\n')],
    ['a byte order mark', (text: string) => `\uFEFF${text}`],
  ] as const) {
    it(`${name} is no mistake`, () =>
      withProject(async (project) => {
        writeData(project);
        project.write('entries.csv', change(dataEntry(LINES)));
        const result = await project.run(['run', 'bad.yaml', 'dataset']);
        assert.equal(result.code, 0, result.stderr);
      }));
  }
});

describe('images that cannot be used, through the command line', () => {
  const good = grayPng(80, 80, 1);
  for (const [name, bytes] of [
    ['a truncated PNG', good.subarray(0, good.length - 40)],
    ['an empty file', Buffer.alloc(0)],
    ['a text file', Buffer.from('this is no picture')],
  ] as const) {
    it(`${name} is named and fails the stage, unless it is allowed`, () =>
      withProject(async (project) => {
        writeData(project);
        project.write('images/b.png', bytes);
        assertSaid(await project.run(['run', 'bad.yaml']), 1, /b\.png/);
        const allowed = ['run', 'bad.yaml', '-S', 'preprocess.allow_unreadable=1'];
        const result = await project.json<{stages: {artifact: string}[]}>(allowed);
        const {readFileSync} = await import('node:fs');
        const quarantine = readFileSync(join(result.stages[1]!.artifact, 'quarantine.csv'), 'utf8');
        assert.match(quarantine, /^image,reason\nb\.png,.+\n$/);
      }));
  }

  for (const [name, bytes] of [
    ['16-bit', makePng({width: 80, height: 80, colourType: 0, depth: 16, pixel: (x, y) => [x * 700 + y]})],
    [
      'interlaced',
      makePng({
        width: 80,
        height: 80,
        colourType: 0,
        depth: 8,
        interlaced: true,
        pixel: (x, y) => [(x * 3 + y) & 255],
      }),
    ],
  ] as const) {
    it(`a PNG that is ${name} is used`, () =>
      withProject(async (project) => {
        writeData(project);
        project.write('images/b.png', bytes);
        const result = await project.run(['run', 'bad.yaml']);
        assert.equal(result.code, 0, result.stderr);
      }));
  }
});
