import assert from 'node:assert/strict';
import {execFileSync} from 'node:child_process';
import {readFileSync} from 'node:fs';
import {join} from 'node:path';
import {ROOT} from '../rig.js';
import {findRings, type Import, importsOf, sourceFiles} from './imports.js';

const TYPESCRIPT = sourceFiles(['pipeline', 'reports'], ['.ts']);
const IMPORTS = TYPESCRIPT.flatMap(importsOf);

/** Which folders of pipeline/ a folder may import from; its own is always allowed. See docs/design.md. */
const MAY_IMPORT: Readonly<Record<string, readonly string[]>> = {
  model: [],
  config: ['model'],
  graph: ['model', 'config'],
  store: ['model'],
  cache: ['model', 'store'],
  show: ['model'],
  dispatch: ['model', 'store'],
  stages: ['model', 'reports'],
  execute: ['model', 'store', 'cache', 'dispatch', 'stages'],
  provenance: ['model', 'store', 'config', 'execute'],
  doctor: ['model', 'store', 'execute'],
  bench: ['model', 'store', 'execute', 'stages'],
  compare: ['model', 'config', 'bench'],
  reports: ['model'],
};

/** Packages that belong in one place. */
const HOME_OF: Readonly<Record<string, readonly string[]>> = {
  yaml: ['pipeline/config/source.ts'],
  zeromq: ['pipeline/dispatch'],
  pythonia: ['pipeline/execute/bridge.ts'],
  commander: ['pipeline/cli.ts', 'pipeline/commands'],
  'log-update': ['pipeline/show'],
  'csv-parse': ['pipeline/stages/csv.ts'],
  undici: ['pipeline/stages/download/http.ts'],
  tar: ['pipeline/stages/archives'],
  'chart.js': ['reports'],
  'chartjs-node-canvas': ['reports/charts.ts'],
};

describe('the structure of the project', () => {
  it('has no import cycle, type imports included', () => {
    assert.ok(IMPORTS.length > 500, 'imports are found');
    assert.deepEqual(findRings(IMPORTS), []);
    const tests = sourceFiles(['test'], ['.ts']).flatMap(importsOf);
    assert.deepEqual(findRings(tests), []);
  });

  it('has layers: each folder imports only from those below it', () => {
    assert.deepEqual(
      IMPORTS.filter((edge) => !edge.isPackage && !isAllowed(edge)).map(({from, to}) => `${from} → ${to}`),
      [],
    );
  });

  it('imports a package where it belongs', () => {
    const strays = IMPORTS.filter(({from, to, isPackage}) => {
      const homes = isPackage ? HOME_OF[to] : undefined;
      return homes !== undefined && !homes.some((home) => from.startsWith(home));
    });
    assert.deepEqual(strays, []);
  });

  it('has no file over 300 lines and no name that says nothing', () => {
    const files = sourceFiles(['pipeline', 'reports', 'test', 'py'], ['.ts', '.py', '.css']);
    const long = files.filter((file) => lines(file) > 300);
    assert.deepEqual(long, []);
    assert.deepEqual(
      files.filter((file) => /(^|\/)(utils?|helpers?|common|misc|manager)(\/|\.)/.test(file)),
      [],
    );
  });

  it('names no device outside its class, and no registry host anywhere', () => {
    const python = sourceFiles(['py/chexnet'], ['.py']).filter((file) => !file.includes('/accelerators/'));
    const naming = python.filter((file) => /["'](cuda|hpu|nccl|hccl)["']/.test(read(file)));
    assert.deepEqual(naming, []);
    const tracked = execFileSync('git', ['ls-files', '-z'], {cwd: ROOT, encoding: 'utf8'}).split('\0');
    const hosts = /registry\.npm[j]s|pyp[i]\.org|pythonhos[t]ed|deb\.debi[a]n\.org|download\.pyt[o]rch/;
    const texts = tracked.filter((file) => /\.(ts|py|json|md|ya?ml|txt|toml|in|css)$|^\.ci\//.test(file));
    assert.deepEqual(
      texts.filter((file) => hosts.test(read(file))),
      [],
    );
  });
});

function isAllowed({from, to}: Import): boolean {
  const [here, there] = [layerOf(from), layerOf(to)];
  if (from === 'pipeline/run.ts' && there === 'show') return false;
  if (here === there || here === 'top' || here === 'commands') return true;
  return MAY_IMPORT[here]?.includes(there) ?? false;
}

/** Of pipeline/store/runs.ts: `store`; of files straight in pipeline/: `top`. */
function layerOf(file: string): string {
  const parts = file.split('/');
  if (parts[0] === 'reports') return 'reports';
  return parts.length > 2 ? parts[1]! : 'top';
}

function lines(file: string): number {
  return read(file).split('\n').length - 1;
}

function read(file: string): string {
  return readFileSync(join(ROOT, file), 'utf8');
}
