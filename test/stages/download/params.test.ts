import assert from 'node:assert/strict';
import {loadConfig} from '../../../pipeline/config/load.js';
import {stageKinds} from '../../../pipeline/stages/index.js';
import {type Project, withProject} from '../../rig.js';
import {spelledOut} from '../rig.js';

const SHA = 'fd8e3542db6351ae9377779033f5d5c5f32fe50eb0830b519fbf1a7e791354b1';

/** What is wrong with a configuration whose stage has these parameters, each with its place. */
function faultsIn(project: Project, params: string): readonly string[] {
  const lines = params.split('\n').map((line) => `      ${line}`);
  project.write(
    'p.yaml',
    `pipeline: p\nstages:\n  download:\n    uses: download\n    params:\n${lines.join('\n')}\n`,
  );
  const request = {file: 'p.yaml', overlays: [], sets: [], kinds: stageKinds, environment: {}};
  const config = loadConfig({...request, folder: project.folder, edgeFaults: () => []});
  return config.ok ? [] : spelledOut(config.error);
}

describe('the parameters of a download', () => {
  it('may be no more than files and urls', () =>
    withProject(async (project) => {
      assert.deepEqual(
        faultsIn(
          project,
          `files: {a_1.tar.gz: {sha256: ${SHA.toUpperCase()}}}\nurls: {a_1.tar.gz: "http://h.org"}`,
        ),
        [],
      );
    }));

  it('have a url for each file and a file for each url', () =>
    withProject(async (project) => {
      assert.deepEqual(
        faultsIn(
          project,
          `files: {a: {sha256: ${SHA}}, b: {sha256: ${SHA}}}\nurls: {b: "http://h.org", c: "http://h.org"}`,
        ),
        [
          '6:7+5 missing key "c" in stages.download.params.files',
          '7:7+4 missing key "a" in stages.download.params.urls',
        ],
      );
      assert.deepEqual(faultsIn(project, 'files: {}\nurls: {}'), [
        '6:14+2 stages.download.params.files: name at least one file',
      ]);
    }));

  it('have names that are plain file names and stay apart', () =>
    withProject(async (project) => {
      const plain =
        'a plain file name is letters, digits, ".", "_", "+" and "-", and does not begin with "."';
      for (const name of ['../a', 'a/b', '.', '..', '.a', 'a\\\\b', '']) {
        const [first] = faultsIn(
          project,
          `files: {"${name}": {sha256: ${SHA}}}\nurls: {"${name}": "http://h.org"}`,
        );
        assert.equal(first?.replace(/^\S+ "[^"]*": /, ''), plain, name);
      }
      const [name, twin] = ['images_1.tgz', 'Images_1.tgz'];
      const files = [name, twin, 'a.part', 'archives.csv'].map((one) => `${one}: {sha256: ${SHA}}`);
      const urls = [name, twin, 'a.part', 'archives.csv'].map((one) => `${one}: "http://h.org"`);
      const texts = faultsIn(project, `files: {${files.join(', ')}}\nurls: {${urls.join(', ')}}`);
      assert.deepEqual(
        texts.map((text) => text.slice(text.indexOf(' ') + 1).replace('stages.download.params.', '')),
        [
          'files.Images_1.tgz: on some file systems this is the same name as images_1.tgz',
          'files.a.part: names that end in .part or .state.json are kept for files on their way',
          'files.archives.csv: the stage writes a file of that name',
        ],
      );
    }));

  it('have whole addresses, and a password in a wrong one is not printed', () =>
    withProject(async (project) => {
      const urls = 'urls:\n  a: "file:///etc/passwd"\n  b: h.org/x\n  c: "ftp://anna:secret@h.org/x"';
      const files = ['a', 'b', 'c'].map((name) => `${name}: {sha256: ${SHA}}`);
      const whole = 'must be a whole http or https address';
      assert.deepEqual(faultsIn(project, `files: {${files.join(', ')}}\n${urls}`), [
        `8:9+23 stages.download.params.urls: the url of c ${whole}`,
        `8:12+20 stages.download.params.urls.a: the url of a ${whole}, found "file:///etc/passwd"`,
        `9:12+7 stages.download.params.urls.b: the url of b ${whole}, found "h.org/x"`,
      ]);
    }));

  it('are kept with a run and printed without the passwords in addresses', () =>
    withProject(async (project) => {
      const files = {a: {sha256: SHA}, b: {sha256: SHA}};
      const urls = {a: `\${env:SCHEME}://anna:\${env:PASSWORD}@h.org/x@y`, b: 'http://h.org/x@y'};
      const stages = {download: {uses: 'download', params: {files, urls}}};
      project.write('p.yaml', JSON.stringify({pipeline: 'p', stages}));
      const environment = {SCHEME: 'https', PASSWORD: 'se:c/ret'.replace('/', '%2F')};
      const printed = await project.run(['config', 'p.yaml', '--resolve'], {environment});
      assert.match(printed.stdout, /a: https:\/\/\*\*\*@h\.org\/x@y\n\s+b: http:\/\/h\.org\/x@y\n/);
    }));

  it('have sizes beside the files, for none but those', () =>
    withProject(async (project) => {
      const params = `files: {a: {sha256: ${SHA}}}\nurls: {a: "http://h.org"}\nsizes:`;
      assert.deepEqual(faultsIn(project, `${params} {a: 0}`), []);
      assert.deepEqual(faultsIn(project, `${params} {b: 9}`), [
        '8:18+1 stages.download.params.sizes.b: there is no file of this name, found 9',
      ]);
      assert.deepEqual(faultsIn(project, `${params} {a: -1}`), [
        '8:18+2 stages.download.params.sizes.a: must be 0 or more, found -1',
      ]);
    }));

  it('have digests and hosts that can be right', () =>
    withProject(async (project) => {
      const params =
        'files: {a: {sha256: abc}}\nurls: {a: "http://h.org"}\nredirect_hosts: ["https://h.org"]';
      assert.deepEqual(faultsIn(project, params), [
        '6:27+3 stages.download.params.files.a.sha256: a SHA-256 is 64 hexadecimal digits, found "abc"',
        '8:24+15 stages.download.params.redirect_hosts.0: expected the name of a host alone, like example.org, found "https://h.org"',
      ]);
    }));
});
