import {once} from 'node:events';
import {existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync} from 'node:fs';
import {tmpdir} from 'node:os';
import {join} from 'node:path';
import {performance} from 'node:perf_hooks';
import {createInterface} from 'node:readline';
import {execa} from 'execa';
import {FINDINGS} from '../../pipeline/model/findings.js';
import {countOf, formatCount} from '../../pipeline/model/words.js';
import {readDataEntry} from '../../pipeline/stages/acquire/metadata.js';
import type {ImageRow} from '../../pipeline/stages/dataset.js';
import {createRandom} from '../../pipeline/stages/random.js';
import {dealPatients} from '../../pipeline/stages/split/deal.js';
import {ROOT} from '../rig.js';
import {oraclePython} from '../stages/oracle-python.js';
import {NIH_METADATA} from '../stages/rig.js';

const FRACTIONS = [0.7, 0.1, 0.2] as const;
const SEEDS = [1, 2, 3];

/** A part per row, 0 train, 1 val, 2 test, and how long it took. */
type Dealt = Readonly<{parts: ArrayLike<number>; seconds: number}>;
type Way = Readonly<{name: string; deal(seed: number): Promise<Dealt>}>;

// Dealing all patients of the real metadata to three folds, beside two other ways: in turn, one seed after the other.
if (existsSync(NIH_METADATA)) await main();
else console.log(`  skipped: no ${NIH_METADATA} (set NIH_SAMPLE_DIR)`);

async function main(): Promise<void> {
  const read = readDataEntry(NIH_METADATA);
  if (!read.ok) throw new Error(read.error[0]!.message);
  const {rows} = read.value;
  const rival = await startRival(rows);
  const ways: readonly Way[] = [
    {name: 'pipeline', deal: async (seed) => timed(() => dealPatients(rows, {seed, fractions: FRACTIONS}))},
    {name: 'random by patient', deal: async (seed) => timed(() => dealAtRandom(rows, seed))},
    {name: 'StratifiedGroupKFold', deal: (seed) => rival.deal(seed)},
  ];
  const results = new Map(ways.map(({name}) => [name, [] as (Judged & {seconds: number})[]]));
  console.log(
    `  ${countOf(rows.length, 'image')}, ${formatCount(new Set(rows.map(patientOf)).size)} patients, ` +
      `${FRACTIONS.map((share) => 100 * share).join(' / ')} %, ${SEEDS.length} seeds in turn; ` +
      `${await rival.ask('versions')}, Node ${process.versions.node}`,
  );
  for (const seed of SEEDS) {
    for (const {name, deal} of ways) {
      const {parts, seconds} = await deal(seed);
      results.get(name)!.push({...judge(rows, parts), seconds});
    }
  }
  await rival.close();
  console.log(
    `  ${lineOf(['', 'seconds', 'label × fold, points', 'the same, %', 'images, %', 'patients, %', 'cut'])}`,
  );
  for (const [name, judged] of results) console.log(`  ${lineOf([name, ...cellsOf(judged)])}`);
}

async function timed(deal: () => readonly number[]): Promise<Dealt> {
  const start = performance.now();
  const parts = deal();
  return {parts, seconds: (performance.now() - start) / 1000};
}

/** What most programs do: whole patients in random order, cut at 70 and 80 % of them. */
function dealAtRandom(rows: readonly ImageRow[], seed: number): readonly number[] {
  const patients = createRandom(seed).shuffled([...new Set(rows.map(patientOf))]);
  const [train, val] = [FRACTIONS[0], FRACTIONS[0] + FRACTIONS[1]].map((share) => share * patients.length);
  const parts = new Map(
    patients.map((patient, place) => [patient, place < train! ? 0 : place < val! ? 1 : 2]),
  );
  return rows.map((row) => parts.get(row.patient)!);
}

/** The farthest that anything is off, over labels and folds; `cut` counts patients in more than one fold. */
type Judged = Readonly<{points: number; relative: number; images: number; patients: number; cut: number}>;

function judge(rows: readonly ImageRow[], parts: ArrayLike<number>): Judged {
  const whole = tally(rows);
  const folds = FRACTIONS.map((fraction, part) => ({
    fraction,
    ...tally(rows.filter((_, row) => parts[row] === part)),
  }));
  const labels = folds.flatMap(({images, counts}) =>
    counts.map((count, label) => {
      const share = whole.counts[label]! / whole.images;
      return {
        points: 100 * Math.abs(count / images - share),
        relative: 100 * Math.abs(count / images / share - 1),
      };
    }),
  );
  const off = (of: 'images' | 'patients'): number =>
    Math.max(...folds.map((fold) => 100 * Math.abs(fold[of] / whole[of] / fold.fraction - 1)));
  return {
    points: Math.max(...labels.map(({points}) => points)),
    relative: Math.max(...labels.map(({relative}) => relative)),
    images: off('images'),
    patients: off('patients'),
    cut: folds.reduce((sum, {patients}) => sum + patients, 0) - whole.patients,
  };
}

function tally(rows: readonly ImageRow[]) {
  const counts = FINDINGS.map((finding) => rows.filter(({findings}) => findings.includes(finding)).length);
  return {images: rows.length, patients: new Set(rows.map(patientOf)).size, counts};
}

async function startRival(rows: readonly ImageRow[]) {
  const folder = mkdtempSync(join(tmpdir(), 'split-rival-'));
  const file = join(folder, 'rows.json');
  const combinations = new Map<string, number>();
  const classes = rows.map(({findings}) => {
    const combination = findings.join('|');
    if (!combinations.has(combination)) combinations.set(combination, combinations.size);
    return combinations.get(combination)!;
  });
  writeFileSync(file, JSON.stringify({patients: rows.map(({patient}) => Number(patient)), classes}));
  const {executable, env} = await oraclePython();
  const script = join(ROOT, 'test/bench/split_rival.py');
  const child = execa(executable, [script, file], {env, stdin: 'pipe', stderr: 'inherit'});
  const lines = createInterface({input: child.stdout});
  const ask = async (command: string): Promise<string> => {
    const answer = once(lines, 'line');
    child.stdin.write(`${command}\n`);
    return String((await Promise.race([answer, child.then(() => ['ended'])]))[0]);
  };
  return {
    ask,
    deal: async (seed: number): Promise<Dealt> => {
      const parts = join(folder, 'parts');
      return {seconds: Number(await ask(`${seed} ${parts}`)), parts: readFileSync(parts)};
    },
    close: async (): Promise<void> => {
      child.stdin.end();
      await child;
      rmSync(folder, {recursive: true});
    },
  };
}

/** How far off: the median over the seeds, and the worst of them. `cut` counts patients in more than one fold. */
function cellsOf(judged: readonly (Judged & {seconds: number})[]): readonly string[] {
  const column = (of: keyof Judged | 'seconds', digits: number): string => {
    const sorted = judged.map((one) => one[of]).toSorted((a, b) => a - b);
    return `${sorted[sorted.length >> 1]!.toFixed(digits)} (to ${sorted.at(-1)!.toFixed(digits)})`;
  };
  const cut = String(Math.max(...judged.map((one) => one.cut)));
  return [
    ...[column('seconds', 2), column('points', 3), column('relative', 2)],
    ...[column('images', 3), column('patients', 3), cut],
  ];
}

function lineOf(cells: readonly string[]): string {
  return cells
    .map((cell) => cell.padEnd(22))
    .join('')
    .trimEnd();
}

function patientOf({patient}: ImageRow): string {
  return patient;
}
