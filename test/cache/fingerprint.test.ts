import assert from 'node:assert/strict';
import {fingerprintOf} from '../../pipeline/cache/fingerprint.js';
import type {Fingerprint} from '../../pipeline/model/decision.js';
import type {Digest, Stage} from '../../pipeline/model/stage.js';
import {download} from '../../pipeline/stages/download/stage.js';
import {digest, EXEC, id, kind, need, stage} from './stages.js';

const BASE = stage({
  needs: [need('split', 'folds')],
  files: [{param: 'weights', path: '/data/weights.pt'}],
});

const GUARDED = kind({inputs: [{type: 'audit', optional: true, inKey: false}]});

function of(changed: Partial<Stage> & {name?: string} = {}, facts: Partial<Facts> = {}): Fingerprint {
  const {needs = {split: 'a'}, files = {weights: 'w'}, environment = {}} = facts;
  return fingerprintOf({
    stage: stage({...BASE, ...changed}),
    needs: new Map(Object.entries(needs).map(([name, output]) => [id(name), digest(output)])),
    files: Object.fromEntries(
      Object.entries(files).map(([name, text]): [string, Digest] => [name, digest(text)]),
    ),
    environment,
  });
}

type Facts = {
  needs: Record<string, string>;
  files: Record<string, string>;
  environment: Record<string, string>;
};

describe('a fingerprint', () => {
  const unchanged: Readonly<Record<string, () => Fingerprint>> = {
    'the order of keys': () => of({params: {threads: 2, optimizer: {lr: 1e-4, name: 'adamw'}, epochs: 3}}),
    'how a number is written': () => of({params: {...BASE.params, optimizer: {name: 'adamw', lr: 0.0001}}}),
    'where a file lies': () =>
      of({
        params: {...BASE.params, weights: '/moved/w.pt'},
        files: [{param: 'weights', path: '/moved/w.pt'}],
      }),
    'what only changes the speed': () => of({params: {...BASE.params, threads: 64}}),
    'what only changes the speed, of any shape': () => of({params: {...BASE.params, threads: {each: 64}}}),
    'the name of the stage': () => of({name: 'training'}),
    'the name of a stage it needs': () => of({needs: [need('folds', 'folds')]}, {needs: {folds: 'a'}}),
    'where values come from': () => of({origins: new Map(), declaredAt: {...BASE.declaredAt, line: 7}}),
    'slots, time limit and retries': () => of({slots: {gpu: 1}, timeoutMs: 1000, retries: 3}),
    'what it only waits for': () =>
      of(
        {kind: GUARDED, needs: [...BASE.needs, need('audit', 'audit')]},
        {needs: {split: 'a', audit: 'whatever'}},
      ),
    'a variable that is not declared': () => of({}, {environment: {HOME: '/root'}}),
  };
  for (const [what, change] of Object.entries(unchanged)) {
    it(`does not depend on ${what}`, () => {
      assert.deepEqual(change(), of());
    });
  }

  const changed: Readonly<Record<string, () => Fingerprint>> = {
    'a parameter': () => of({params: {...BASE.params, epochs: 4}}),
    'a parameter in a map': () => of({params: {...BASE.params, optimizer: {name: 'adamw', lr: 3e-4}}}),
    'the content of a file': () => of({}, {files: {weights: 'other'}}),
    'the output of a stage it needs': () => of({}, {needs: {split: 'b'}}),
    'the version of its kind': () => of({kind: kind({version: 2})}),
    'its kind': () => of({kind: kind({uses: 'predict'})}),
  };
  for (const [what, change] of Object.entries(changed)) {
    it(`depends on ${what}`, () => {
      assert.notEqual(change().digest, of().digest);
    });
  }

  it('of an exec stage holds the variables it declares, its files as written and its needs by name', () => {
    const params = {command: 'make', env: ['LR', 'UNSET'], deps: ['/project/a.txt'], outs: ['x']};
    const execKind = kind({
      uses: 'exec',
      work: EXEC,
      paths: [{param: 'deps', is: 'either', hint: ''}],
      speedOnly: [],
    });
    const made = of(
      {kind: execKind, params, needs: [need('split', 'files')]},
      {environment: {LR: '1', HOME: '/root'}, files: {'deps.a.txt': 'text'}},
    );
    assert.deepEqual(made.parts, {
      schema: 1,
      uses: 'exec',
      version: 1,
      params: {command: 'make', outs: ['x']},
      files: {'deps.a.txt': digest('text')},
      needs: {split: digest('a')},
      environment: {LR: '1', UNSET: null},
    });
  });

  it('of a download holds what is fetched, not from where', () => {
    const files = {'a.tgz': {sha256: 'a'.repeat(64)}};
    const from = (url: string): Fingerprint =>
      of({kind: download, params: {files, urls: {'a.tgz': url}, connections: 4}, files: [], needs: []});
    const made = from('https://reader:secret@one.example/a.tgz');
    assert.equal(made.digest, from('https://two.example/a.tgz').digest);
    assert.deepEqual(made.parts.params, {files});
  });

  it('keeps two needs of one type apart by their stages', () => {
    const needs = [need('one', 'evaluation'), need('two', 'evaluation'), need('split', 'folds')];
    const {parts} = of({needs}, {needs: {one: '1', two: '2', split: 'a'}});
    assert.deepEqual(parts.needs, {one: digest('1'), two: digest('2'), folds: digest('a')});
  });

  it('has not changed since artifacts were first named by it', () => {
    // A change here makes every artifact of every user stale: raise `schema` and think of those who have them.
    assert.equal(of().digest, '567b18965b895d7e45dae9e1251d75a35dcd9eb96dccc5c7323da10ea312e8e2');
  });
});
