import assert from 'node:assert/strict';
import {type DecideRequest, decide} from '../../pipeline/cache/decide.js';
import {fingerprintOf} from '../../pipeline/cache/fingerprint.js';
import type {ArtifactRecord} from '../../pipeline/model/artifact.js';
import type {Fingerprint} from '../../pipeline/model/decision.js';
import type {JsonObject} from '../../pipeline/model/json.js';
import type {Digest, Origin, RunName, Stage} from '../../pipeline/model/stage.js';
import {STORY} from '../store/workplace.js';
import {at, digest, EXEC, id, kind, need, stage} from './stages.js';

type Facts = {
  needs?: Record<string, string>;
  files?: Record<string, string>;
  environment?: Record<string, string>;
};

function print(of: Stage, {needs = {}, files = {}, environment = {}}: Facts = {}): Fingerprint {
  return fingerprintOf({
    stage: of,
    needs: new Map(Object.entries(needs).map(([name, output]) => [id(name), digest(output)])),
    files: Object.fromEntries(
      Object.entries(files).map(([name, text]): [string, Digest] => [name, digest(text)]),
    ),
    environment,
  });
}

function artifact(fingerprint: Fingerprint): ArtifactRecord {
  return {
    ...STORY,
    schema: 'pipeline/stage/v1',
    id: id('train'),
    fingerprint,
    output: digest('model'),
    outputs: [],
    run: 'calm-carina' as RunName,
    attempt: 1,
    resumedFrom: null,
  };
}

const NOW = stage();

function decideOn(changed: Partial<DecideRequest> = {}) {
  const fingerprint = changed.fingerprint ?? print(changed.stage ?? NOW);
  return decide({
    stage: NOW,
    fingerprint,
    last: null,
    found: null,
    damaged: [],
    forced: false,
    resumable: null,
    folderChange: () => null,
    ...changed,
  });
}

const textsOf = (changed: Partial<DecideRequest>): string[] =>
  decideOn(changed).because.map(({text}) => text);

/** The reasons for running `now` after `before` was run. */
function changes(before: [Stage, Facts?], now: [Stage, Facts?], more: Partial<DecideRequest> = {}): string[] {
  return textsOf({stage: now[0], fingerprint: print(...now), last: {fingerprint: print(...before)}, ...more});
}

function withParams(params: JsonObject, origins: Readonly<Record<string, Origin>> = {}): Stage {
  return stage({params, origins: new Map(Object.entries(origins))});
}

describe('a decision', () => {
  const same = print(NOW);

  it('is to run what was never run', () => {
    assert.deepEqual(decideOn(), {action: 'run', because: [{code: 'first-run', text: 'first run'}]});
  });

  it('is to skip what is as it was last', () => {
    assert.deepEqual(decideOn({last: {fingerprint: same}, found: artifact(same)}), {
      action: 'skip',
      because: [{code: 'unchanged', text: 'unchanged'}],
    });
  });

  it('is to restore what an older run has made, and says what changed', () => {
    const found = artifact(same);
    assert.deepEqual(decideOn({found}), {
      action: 'restore',
      because: [{code: 'restored', text: 'same inputs as in run calm-carina of 2026-01-05'}],
    });
    const last = {fingerprint: print(withParams({...NOW.params, epochs: 9}))};
    assert.deepEqual(textsOf({found, last}), [
      'same inputs as in run calm-carina of 2026-01-05',
      'epochs 9 → 3 (full.yaml:40)',
    ]);
  });

  it('is to run what is forced, although nothing changed', () => {
    assert.deepEqual(decideOn({last: {fingerprint: same}, found: artifact(same), forced: true}), {
      action: 'run',
      because: [{code: 'forced', text: 'forced'}],
    });
  });

  it('is to run where outputs are missing, changed or unreadable, and names them', () => {
    const damaged = [
      {path: 'best.pt', is: 'missing'},
      {path: 'history.csv', is: 'changed'},
      {path: 'last.pt', is: 'unreadable'},
    ] as const;
    assert.deepEqual(textsOf({last: {fingerprint: same}, found: artifact(same), damaged}), [
      'output best.pt is missing',
      'output history.csv was changed',
      'output last.pt cannot be read',
    ]);
  });

  it('is to run what is as it was, but whose artifact was removed', () => {
    assert.deepEqual(textsOf({last: {fingerprint: same}}), ['its artifact is gone']);
  });

  it('says what a run goes on from, unless it is forced', () => {
    const resumable = {attempt: 2, run: 'calm-carina' as RunName};
    assert.deepEqual(textsOf({resumable}), ['first run', 'resumes attempt 2 of run calm-carina']);
    assert.deepEqual(textsOf({resumable, forced: true}), ['forced', 'first run']);
  });
});

describe('the reasons for a run', () => {
  it('name a parameter, its place and both values', () => {
    const before = withParams({optimizer: {name: 'adamw', lr: 1e-4}});
    const now = withParams({optimizer: {name: 'adamw', lr: 3e-4}}, {'optimizer.lr': at(41)});
    assert.deepEqual(decideOn({stage: now, last: {fingerprint: print(before)}}).because, [
      {
        code: 'parameter-changed',
        text: 'optimizer.lr 1e-4 → 3e-4 (full.yaml:41)',
        subject: 'optimizer.lr',
        file: 'full.yaml',
        line: 41,
        before: 1e-4,
        after: 3e-4,
      },
    ]);
  });

  const {location} = at(12) as Extract<Origin, {kind: 'file'}>;
  const origins: readonly [string, Origin | null, string][] = [
    ['an argument', {kind: 'override', argument: '-S train.lr=3e-4'}, 'lr 0.01 → 3e-4 (-S train.lr=3e-4)'],
    ['a variable', {kind: 'environment', variable: 'LR', location}, 'lr 0.01 → 3e-4 ($LR, full.yaml:12)'],
    ['a default', {kind: 'default'}, 'lr 0.01 → 3e-4 (the default)'],
    ['nobody knows where', null, 'lr 0.01 → 3e-4'],
  ];
  for (const [whence, origin, text] of origins) {
    it(`tell that a value comes from ${whence}`, () => {
      const now = withParams({lr: 3e-4}, origin === null ? {} : {lr: origin});
      assert.deepEqual(changes([withParams({lr: 0.01})], [now]), [text]);
    });
  }

  it('name parameters that are new, gone, or of another shape', () => {
    const before = withParams({augment: 'none', momentum: 0.9, folds: ['val']});
    const now = withParams(
      {augment: {flip: 0.5, shift: 4}, ema: null, folds: ['val', 'test']},
      {augment: at(3), 'augment.flip': at(4), folds: at(5), ema: at(6)},
    );
    assert.deepEqual(changes([before], [now]), [
      'augment none → {flip: 0.5, shift: 4} (full.yaml:3)',
      'ema null is new (full.yaml:6)',
      'folds [val] → [val, test] (full.yaml:5)',
      'momentum 0.9 is gone',
    ]);
  });

  it('show where two long values part, and hold them whole', () => {
    const command = (end: string) =>
      `python -m chexnet.tools.convert --from a --to b --with-a-long-option ${end}`;
    const [before, now] = [withParams({command: command('1')}), withParams({command: command('2')})];
    const [reason] = decideOn({stage: now, last: {fingerprint: print(before)}}).because;
    assert.equal(reason!.text, 'command …-with-a-long-option 1 → …-with-a-long-option 2');
    assert.deepEqual([reason!.before, reason!.after], [command('1'), command('2')]);
  });

  it('name a file that changed, is new, or is no longer used', () => {
    const files = kind({paths: [{param: 'deps', is: 'either', hint: ''}]});
    const now = stage({kind: files});
    assert.deepEqual(
      changes(
        [now, {files: {csv: 'a', boxes: 'b', 'deps.src/x.py': 'c'}}],
        [now, {files: {csv: 'A', weights: 'w', 'deps.src/x.py': 'C'}}],
      ),
      ['file csv changed', 'file weights is new', 'file src/x.py changed', 'file boxes is no longer used'],
    );
  });

  it('name the files of a folder where they are known', () => {
    const change = {changed: ['1.png', '2.png'], added: ['3.png'], removed: ['0.png', '9.png']};
    const folderChange = (param: string, before: Digest) =>
      param === 'images' && before === digest('old') ? change : null;
    assert.deepEqual(
      changes([NOW, {files: {images: 'old'}}], [NOW, {files: {images: 'new'}}], {folderChange}),
      ['images: 1.png changed, 2.png changed, 3.png is new, 2 more'],
    );
  });

  it('name a stage that gave another output, and needs that come and go', () => {
    const before = stage({needs: [need('split', 'folds'), need('old', 'dataset')]});
    const now = stage({needs: [need('split', 'folds'), need('prepare', 'images')]});
    assert.deepEqual(
      decideOn({
        stage: now,
        fingerprint: print(now, {needs: {split: '2', prepare: 'p'}}),
        last: {fingerprint: print(before, {needs: {split: '1', old: 'o'}})},
      }).because,
      [
        {
          code: 'need-changed',
          text: 'split gave another output',
          subject: 'folds',
          stage: 'split',
          before: digest('1'),
          after: digest('2'),
        },
        {code: 'need-changed', text: 'needs prepare now', subject: 'images', stage: 'prepare'},
        {code: 'need-changed', text: 'needs dataset no longer', subject: 'dataset'},
      ],
    );
  });

  it('name another version, or another kind and nothing else', () => {
    const newer = stage({kind: kind({version: 2})});
    assert.deepEqual(changes([NOW], [newer]), [
      'train v1 → v2 (this version of the pipeline computes it differently)',
    ]);
    const other = stage({kind: kind({uses: 'exec', version: 5}), params: {command: 'true'}});
    assert.deepEqual(changes([NOW], [other]), ['uses train → exec (full.yaml:38)']);
  });

  it('name a variable that changed, was unset, or is newly declared', () => {
    const exec = (env: string[]) => stage({kind: kind({work: EXEC}), params: {env}});
    assert.deepEqual(
      changes(
        [exec(['LR', 'SEED', 'OLD']), {environment: {LR: '1', SEED: '7'}}],
        [exec(['LR', 'SEED', 'NEW']), {environment: {LR: '2'}}],
      ),
      [
        'environment variable LR "1" → "2"',
        'environment variable SEED "7" → unset',
        'environment variable NEW is declared now',
        'environment variable OLD is no longer declared',
      ],
    );
  });

  it('are all listed', () => {
    const before = withParams({epochs: 3, seed: 0});
    const now = stage({
      kind: kind({version: 3}),
      params: {epochs: 5, seed: 1},
      needs: [need('split', 'folds')],
    });
    assert.deepEqual(
      changes([before, {files: {csv: 'a'}}], [now, {files: {csv: 'b'}, needs: {split: '1'}}], {forced: true}),
      [
        'forced',
        'train v1 → v3 (this version of the pipeline computes it differently)',
        'epochs 3 → 5 (full.yaml:40)',
        'seed 0 → 1',
        'file csv changed',
        'needs split now',
      ],
    );
  });
});
