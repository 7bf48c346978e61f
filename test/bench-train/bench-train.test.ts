import assert from 'node:assert/strict';
import {mkdtempSync, readFileSync, rmSync} from 'node:fs';
import {tmpdir} from 'node:os';
import {join} from 'node:path';
import {BENCH_FILE, type BenchRecord, benchRecordShape} from '../../pipeline/bench/record.js';
import {type Project, projectIn} from '../rig.js';

const SMALL = ['--images', '24', '--crop', '32', '--batch-size', '4', '--device', 'cpu'];

describe('bench train', function () {
  this.timeout(300_000);
  let project: Project;
  let [one, two]: [BenchRecord | null, BenchRecord | null] = [null, null];
  let told = '';
  const bench = async (...args: string[]): Promise<string> => {
    const {code, stdout, stderr} = await project.run(['bench', 'train', ...args], {timeoutMs: 250_000});
    assert.equal(code, 0, stderr);
    told = stderr;
    return stdout;
  };

  before(async () => {
    project = projectIn(mkdtempSync(join(tmpdir(), 'pipeline-bench-')));
    one = benchRecordShape.parse(JSON.parse(await bench(...SMALL, '--json')));
  });
  after(() => rmSync(project.folder, {recursive: true, force: true}));

  it('records what was trained, on what, and where the seconds went', () => {
    const record = one!;
    assert.deepEqual(record.count, {
      ...{images: 24, crops_per_image: 1, steps: 6, epochs: 1},
      validated_images: record.count.validated_images,
    });
    assert.ok(record.count.validated_images > 0);
    assert.equal(record.losses.length, 6);
    assert.ok(record.losses.every((loss) => loss !== null && loss > 0));
    const {total, ...parts} = record.seconds;
    const sum = Object.values(parts).reduce((all, part) => all + part, 0);
    assert.ok(Math.abs(total - sum) < 0.05 * total + 0.1, `${total} and ${sum}`);
    assert.ok(Math.abs(record.rate.images_per_second * parts.training - 24) < 0.01);
    const {name, emulated, driver} = record.device;
    assert.deepEqual([name, emulated, driver, record.energy], ['cpu', false, null, undefined]);
    const {ranks, precision, deterministic} = record.settings;
    assert.deepEqual([ranks, precision, deterministic], [1, 'fp32', false]);
    assert.match(record.work.digest, /^[0-9a-f]{64}$/);
    assert.ok(record.step_ms.p50 <= record.step_ms.p95 && record.step_ms.p95 <= record.step_ms.max);
  });

  it('trains again on the same images, with two ranks, and it is the same work', async () => {
    const table = await bench(...SMALL, '--ranks', '2', '-o', 'two.json');
    assert.match(table, /^ranks +2$/m);
    assert.match(told, /3 skipped, 1 ran/);
    assert.match(told, /record: .*two\.json/);
    two = benchRecordShape.parse(JSON.parse(project.read('two.json')));
    assert.equal(two.work.digest, one!.work.digest);
    assert.notEqual(two.run, one!.run);
    const kept = readFileSync(join(project.folder, '.pipeline/runs', two.run, BENCH_FILE), 'utf8');
    assert.equal(kept, project.read('two.json'));
    const compared = await project.run(['compare', one!.run, 'two.json']);
    assert.match(compared.stdout, /the work was the same\n {2}set differently:\n {4}ranks: 1 → 2\n/);
    assert.match(compared.stdout, /loss: (equivalent|different|not distinguishable)/);
    assert.match(compared.stdout, /^times the images\/s of the first +1 +\d/m);
  });

  it('takes the images of a run and another recipe, and it is another work', async () => {
    const origin = ['--preset', 'origin', '--images', '8', '--crop', '32', '--device', 'cpu'];
    const record = benchRecordShape.parse(JSON.parse(await bench('--data', one!.run, ...origin, '--json')));
    assert.match(told, /3 skipped, 1 ran/);
    assert.deepEqual(
      [record.count.images, record.count.crops_per_image, record.count.steps, record.count.epochs],
      [8, 10, 2, 1],
    );
    assert.equal(record.rate.crops_per_second, Number((10 * record.rate.images_per_second).toPrecision(6)));
    const {stdout} = await project.run(['compare', one!.run, record.run]);
    assert.match(stdout, /the work was not the same:\n[\s\S]*images: 24 → 8\n/);
    assert.match(stdout, /recipe\.ten_crop: false → true\n/);
  });

  it('names what is wrong with its options', async () => {
    const refused = async (...args: string[]): Promise<string> => {
      const {code, stderr} = await project.run(['bench', 'train', ...args]);
      assert.equal(code, 2);
      assert.doesNotMatch(stderr, /\n\s+at /);
      return stderr;
    };
    const environment = {PIPELINE_AGENT: 'gaudi1:29500'};
    const {code, stderr} = await project.run(['bench', 'train'], {environment});
    assert.equal(code, 2);
    assert.match(stderr, /bench train measures this machine, and PIPELINE_AGENT=gaudi1:29500 names another/);
    assert.match(
      await refused('--preset', 'orign'),
      /--preset: there is no 'orign'[\s\S]*did you mean "?origin/,
    );
    assert.match(await refused('--data', 'nobody'), /--data nobody is neither a configuration nor a run/);
    assert.match(await refused('--device', 'tpu'), /-S train\.device=tpu[\s\S]*expected auto, cpu, cuda/);
    assert.match(await refused('--batch-size', '3', '--ranks', '2'), /must be a multiple of their number/);
    const stages = (text: string): string => `pipeline: x\nstages:\n${text}`;
    const data =
      '  dataset: {uses: synthesize, params: {images: 60}}\n  split: {uses: split, params: {method: seeded}}\n';
    project.write('none.yaml', stages(data));
    assert.match(await refused('--data', 'none.yaml'), /none\.yaml has no stage that trains/);
    const train = (id: string): string => `  ${id}: {uses: train, params: {preset: zoogzog}}\n`;
    project.write('two.yaml', stages(`${data}  preprocess: {uses: preprocess}\n${train('a')}${train('b')}`));
    assert.match(
      await refused('--data', 'two.yaml'),
      /has 2 stages that train[\s\S]*name one with --stage: a or b/,
    );
    assert.match(await refused('--data', 'two.yaml', '--stage', 'c'), /has no training 'c'/);
  });
});
