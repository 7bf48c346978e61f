import assert from 'node:assert/strict';
import {readdirSync, readFileSync} from 'node:fs';
import {dirname, join, normalize} from 'node:path';
import {ROOT} from './rig.js';

/** What each folder may import besides itself; a folder that is not listed is a mistake. */
const MAY_IMPORT: Readonly<Record<string, readonly string[]>> = {
  'pipeline/model': [],
  'pipeline/config': ['pipeline/model'],
  'pipeline/graph': ['pipeline/model', 'pipeline/config'],
  'pipeline/store': ['pipeline/model'],
  'pipeline/cache': ['pipeline/model', 'pipeline/store'],
  'pipeline/dispatch': ['pipeline/model'],
  'pipeline/show': ['pipeline/model'],
  'pipeline/provenance': ['pipeline/model', 'pipeline/config', 'pipeline/store', 'pipeline/execute'],
  reports: ['pipeline/model'],
  'pipeline/stages': ['pipeline/model', 'reports'],
  'pipeline/execute': ['model', 'config', 'graph', 'cache', 'store', 'dispatch', 'stages'].map(
    (name) => `pipeline/${name}`,
  ),
  'pipeline/doctor': ['pipeline/model', 'pipeline/execute'],
};

/** Packages that one place alone imports. */
const ONLY_IN: Readonly<Record<string, string>> = {
  yaml: 'pipeline/config/source.ts',
  zeromq: 'pipeline/dispatch/',
  pythonia: 'pipeline/execute/bridge.ts',
  'chart.js': 'reports/',
  'chartjs-node-canvas': 'reports/',
  'csv-parse/sync': 'pipeline/stages/csv.ts',
};

const LONGEST_FILE_LINES = 300;

const sources = [...filesBelow('pipeline', '.ts'), ...filesBelow('reports', '.ts')].filter(
  (file) => !file.includes('/kernel/'),
);
const imports = new Map(sources.map((file) => [file, importsOf(file)]));

describe('the sources', () => {
  it('import only what their folder may', () => {
    const wrong = edges().filter(({from, to}) => {
      const [own, other] = [layerOf(from), layerOf(to)];
      // The command line and the run itself put everything together.
      const isTop = own === 'pipeline/commands' || own === 'pipeline';
      if (isTop) return from === 'pipeline/run.ts' && other === 'pipeline/show';
      return own !== other && !MAY_IMPORT[own]?.includes(other);
    });
    assert.deepEqual(wrong.map(({from, to}) => `${from} imports ${to}`).sort(), []);
  });

  it('have no import cycle, types included', () => {
    const done = new Set<string>();
    const cycles: string[] = [];
    const visit = (file: string, path: readonly string[]): void => {
      if (path.includes(file)) cycles.push([...path.slice(path.indexOf(file)), file].join(' → '));
      if (path.includes(file) || done.has(file)) return;
      for (const next of localImports(file)) visit(next, [...path, file]);
      done.add(file);
    };
    for (const file of sources) visit(file, []);
    assert.deepEqual(cycles, []);
  });

  it('keep each outside package in its place', () => {
    const wrong = [...imports].flatMap(([file, names]) =>
      names
        .filter((name) => ONLY_IN[name] !== undefined && !file.startsWith(ONLY_IN[name]))
        .map((name) => `${file} imports ${name}`),
    );
    assert.deepEqual(wrong, []);
  });

  it(`are files of at most ${LONGEST_FILE_LINES} lines, in both languages, tests too`, () => {
    const files = [...sources, ...filesBelow('test', '.ts'), ...filesBelow('py', '.py')];
    const long = files
      .map((file) => ({file, lines: read(file).split('\n').length - 1}))
      .filter(({lines}) => lines > LONGEST_FILE_LINES);
    assert.deepEqual(long, []);
  });
});

function edges(): readonly Readonly<{from: string; to: string}>[] {
  return sources.flatMap((from) => localImports(from).map((to) => ({from, to})));
}

function localImports(file: string): readonly string[] {
  return (imports.get(file) ?? [])
    .filter((name) => name.startsWith('.'))
    .map((name) => normalize(join(dirname(file), name)).replace(/\.js$/, '.ts'));
}

/** `pipeline/store/store.ts` → `pipeline/store`; files of pipeline/ itself → `pipeline`. */
function layerOf(file: string): string {
  const [top, second] = dirname(file).split('/');
  return top === 'pipeline' && second !== undefined ? `${top}/${second}` : top!;
}

function importsOf(file: string): readonly string[] {
  const statement = /^(?:import|export)\b[^;'"]*?from '([^']+)'|^import '([^']+)'|\bimport\('([^']+)'\)/gm;
  return [...read(file).matchAll(statement)].map((match) => (match[1] ?? match[2] ?? match[3])!);
}

function filesBelow(folder: string, suffix: string): readonly string[] {
  return readdirSync(join(ROOT, folder), {recursive: true, encoding: 'utf8'})
    .filter((name) => name.endsWith(suffix))
    .map((name) => `${folder}/${name}`)
    .sort();
}

function read(file: string): string {
  return readFileSync(join(ROOT, file), 'utf8');
}
