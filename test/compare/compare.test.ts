import assert from 'node:assert/strict';
import {type Finished, type Project, withProject} from '../rig.js';
import {sampleLosses, sampleRecord} from './sample.js';

const write = (project: Project, name: string, ...changes: Parameters<typeof sampleRecord>): string =>
  project.write(name, JSON.stringify(sampleRecord(...changes), null, 1));

const FASTER = {
  seconds: {total: 50, start: 5, training: 40, validation: 3, checkpoints: 1, rest: 1},
  rate: {images_per_second: 16, crops_per_second: 160},
  settings: {device: 'auto', ranks: 1, precision: 'bf16', deterministic: false},
  losses: sampleLosses(1).map((loss, step) => loss + Math.sin(step * 78.233) / 10_000),
};

describe('compare', () => {
  it('sets measured trainings side by side, with ratios to the first and a verdict on their losses', () =>
    withProject(async (project) => {
      write(project, 'a.json');
      write(project, 'b.json', FASTER);
      const {code, stdout} = await project.run(['compare', 'a.json', 'b.json']);
      assert.equal(code, 0);
      assert.match(stdout, /^ +a\.json +b\.json$/m);
      assert.match(stdout, /^seconds in all +100\.0 +50\.00$/m);
      assert.match(stdout, /^images × crops +640 × 10 +640 × 10$/m);
      assert.match(stdout, /^times the images\/s of the first +1 +2\.00$/m);
      assert.match(stdout, /^times the seconds of the first +1 +0\.500$/m);
      assert.match(stdout, /^energy, device taken to last step +– +–$/m);
      assert.match(stdout, /^b\.json against a\.json\n {2}the work was the same\n/m);
      assert.match(stdout, /precision: fp32 → bf16/);
      assert.match(stdout, /loss: equivalent within the margin: the mean difference is within the margin/);
      assert.match(stdout, /margin ±0\.00\d+, 1\.00 % of the mean loss 0\.\d+/);
      assert.doesNotMatch(stdout, /860|published/);
    }));

  it('gives the same as JSON and as Markdown, with the published times apart from what was measured', () =>
    withProject(async (project) => {
      write(project, 'a.json');
      write(project, 'b|c.json', FASTER);
      const document = await project.json<{
        schema: string;
        pairs: {same_work: boolean; ratio: {seconds: number}; loss: {verdict: string}}[];
        published: {seconds: number; source: string}[];
      }>(['compare', 'a.json', 'b|c.json', '--with-published']);
      assert.equal(document.schema, 'chexnet/compare-bench/v1');
      const [pair] = document.pairs;
      assert.deepEqual([pair!.same_work, pair!.ratio.seconds, pair!.loss.verdict], [true, 0.5, 'equivalent']);
      assert.deepEqual(
        document.published.map(({seconds}) => seconds),
        [860, 1045],
      );
      assert.match(document.published[0]!.source, /taneishi\/CheXNet_ddp/);
      const {stdout} = await project.run(['compare', 'a.json', 'b|c.json', '--md', '--with-published']);
      assert.match(stdout, /^\| {2}\| a\.json \| b\\\|c\.json \|\n\|---\|---\|---\|$/m);
      assert.match(stdout, /^\*\*published, not measured\*\*$/m);
      const [measured, published] = stdout.split('**published, not measured**');
      assert.doesNotMatch(measured!, /860/);
      assert.match(published!, /\| Habana Gaudi \| 860 \|/);
    }));

  it('tests nothing and sets no times against each other where the work was not the same, and says what differs', () =>
    withProject(async (project) => {
      write(project, 'a.json');
      const parts = {recipe: {seed: 1, optimizer: {lr: 0.01}}, pixels: 'p', more: true};
      write(project, 'b.json', {...FASTER, work: {digest: 'b'.repeat(64), parts}});
      const {code, stdout} = await project.run(['compare', 'a.json', 'b.json']);
      assert.equal(code, 0);
      assert.match(stdout, /the work was not the same:\n\s+more: nothing → true\n\s+recipe\.seed: 0 → 1\n/);
      assert.match(stdout, /times are not compared: the work was not the same/);
      assert.match(stdout, /losses are not tested: the work was not the same/);
      assert.match(stdout, /^times the images\/s of the first +1 +–$/m);
    }));

  it('says of an emulated device that its times are none, and tests its losses', () =>
    withProject(async (project) => {
      write(project, 'a.json');
      const device = {...sampleRecord().device, description: 'emulated hpu (tests only)', emulated: true};
      write(project, 'b.json', {...FASTER, device, losses: sampleLosses(1.2)});
      const {stdout} = await project.run(['compare', 'a.json', 'b.json']);
      assert.match(stdout, /emulated hpu \(tests only\) \(emulated, not measured\)/);
      assert.match(stdout, /times are not compared: an emulated device has no times of its own/);
      assert.match(stdout, /loss: different: the mean difference is not zero/);
    }));

  it('pairs no step whose loss is not finite, and no other number of steps', () =>
    withProject(async (project) => {
      write(project, 'a.json');
      write(project, 'b.json', {losses: sampleLosses(1).map((loss, step) => (step === 6 ? null : loss))});
      write(project, 'c.json', {losses: sampleLosses(1).slice(1)});
      const {stdout} = await project.run(['compare', 'a.json', 'b.json', 'c.json']);
      assert.match(stdout, /losses are not tested: the loss of step 7 is not finite/);
      assert.match(stdout, /losses are not tested: 40 steps and 39 steps cannot be paired/);
    }));
});

describe('compare refuses', () => {
  const told = ({code, stderr}: Finished): string => {
    assert.equal(code, 2);
    assert.doesNotMatch(stderr, /\n\s+at /);
    return stderr;
  };

  it('what is no record, with the place', () =>
    withProject(async (project) => {
      const good = write(project, 'good.json');
      project.write('torn.json', project.read('good.json').slice(0, 700));
      project.write('other.json', '{"schema": "chexnet/latest/v1"}');
      project.write('word.json', 'hello');
      const torn = told(await project.run(['compare', 'good.json', 'torn.json']));
      assert.match(torn, /torn\.json:\d+:\d+: error: /);
      const several = told(await project.run(['compare', 'other.json', 'word.json', 'gone.json', good]));
      assert.match(several, /other\.json:1:1: error: this is nothing that can be compared: its schema is/);
      assert.match(several, /word\.json:1:1: error: this is no JSON/);
      assert.match(several, /gone\.json does not exist/);
    }));

  it('a record with wrong values, each at its line', () =>
    withProject(async (project) => {
      write(project, 'good.json');
      const bad = project
        .read('good.json')
        .replace('"ranks": 1', '"ranks": 1, "x": 1')
        .replace('"total": 100', '"total": -100')
        .replace('"torch": "2.13.0"', '"torch": 2');
      project.write('bad.json', bad);
      const line = (text: string): number => bad.split('\n').findIndex((one) => one.includes(text)) + 1;
      const stderr = told(await project.run(['compare', 'bad.json']));
      assert.match(stderr, new RegExp(`bad\\.json:${line('"total": -100')}:\\d+: error: seconds\\.total`));
      assert.match(stderr, new RegExp(`bad\\.json:${line('"torch": 2')}:\\d+: error: software\\.torch`));
      assert.equal(stderr.match(/error: /g)?.length, 2);
    }));

  it('a run that is not there, and a margin that is none', () =>
    withProject(async (project) => {
      assert.match(
        told(await project.run(['compare', 'nobody'])),
        /neither a file nor a run called 'nobody'/,
      );
      const margin = await project.run(['compare', 'nobody', '--margin', '2']);
      assert.match(told(margin), /It must lie between 0 and 1/);
    }));
});
