import assert from 'node:assert/strict';
import {existsSync, mkdtempSync, readFileSync, rmSync} from 'node:fs';
import {tmpdir} from 'node:os';
import {join} from 'node:path';
import {execa} from 'execa';
import {ROOT} from '../rig.js';

type Figures = Readonly<Record<string, unknown>>;
type BenchRecord = Readonly<{
  schema: string;
  device: Figures;
  tiny: boolean;
  parts: Readonly<Record<string, Figures | readonly Figures[]>>;
  failed: Figures;
  goals: readonly unknown[];
  left_out: readonly Readonly<{what: string; why: string}>[];
}>;

/** Where a part has ratios of two speeds. */
const RATIOS: Readonly<Record<string, readonly string[]>> = {
  step: ['ratio', 'ratio_by_processor_time'],
  ddp: ['two_ranks_by_one', 'two_ranks_beside_busy', 'one_rank_beside_busy'],
  loader: ['speed_by_plain_copying'],
  grid: ['ratio'],
  deterministic: ['ratio'],
};

describe('the benchmark of training', () => {
  const folder = mkdtempSync(join(tmpdir(), 'bench-training-test-'));
  after(() => rmSync(folder, {recursive: true, force: true}));

  it('measures every part of it, tiny, and writes one record', async function () {
    this.timeout(300_000);
    const out = join(folder, 'record.json');
    const {exitCode, all} = await bench(['--tiny', '--out', out]);
    assert.equal(exitCode, 0, all);
    const record = JSON.parse(readFileSync(out, 'utf8')) as BenchRecord;
    assert.equal(record.schema, 'pipeline/bench-training/v1');
    assert.deepEqual([record.tiny, record.failed, record.goals], [true, {}, []]);
    assert.equal(record.device['name'], 'cpu');
    assert.deepEqual(
      Object.keys(record.parts).sort(),
      ['ddp', 'deterministic', 'epoch', 'grid', 'loader', 'profile', 'step', 'ten-crop'].sort(),
    );
    for (const [part, names] of Object.entries(RATIOS))
      for (const figures of casesOf(record, part))
        for (const name of names) assertRatio(figures[name], `${part}, ${name}`);
    for (const part of ['epoch', 'ten-crop'])
      for (const {images, train_seconds: seconds} of casesOf(record, part))
        assert.ok(Number(images) > 0 && Number(seconds) > 0, part);
    assert.ok(casesOf(record, 'loader').every(({images_per_processor_second: speed}) => Number(speed) > 0));
    const [profile] = casesOf(record, 'profile');
    assert.ok(existsSync(String(profile!['trace'])) && (profile!['top'] as unknown[]).length > 5);
    // What this device cannot do is told, and no figure stands in for it.
    assert.deepEqual(
      record.left_out.map(({why}) => why),
      ['cpu does not compute in tf32'],
    );
    assert.equal(casesOf(record, 'grid').length, 1);
  });

  it('says which parts there are when one is asked for that is not', async () => {
    const {exitCode, all} = await bench(['--only', 'steps']);
    assert.equal(exitCode, 2);
    assert.match(all, /no part is called steps; there are step, ddp, loader/);
  });
});

async function bench(options: readonly string[]): Promise<{exitCode: number | undefined; all: string}> {
  const script = join(ROOT, 'dist/test/bench/run.js');
  const {exitCode, all} = await execa(process.execPath, [script, 'training', ...options], {
    cwd: ROOT,
    all: true,
    reject: false,
  });
  return {exitCode, all};
}

function casesOf(record: BenchRecord, part: string): readonly Figures[] {
  const cases = [record.parts[part]!].flat();
  assert.ok(cases.length > 0, part);
  return cases;
}

function assertRatio(value: unknown, where: string): void {
  const {median, low, high, rounds} = value as Record<string, number>;
  assert.ok(
    [median, low, high].every((number) => Number.isFinite(number) && number! > 0),
    where,
  );
  assert.ok(low! <= median! && median! <= high! && rounds! >= 1, where);
}
