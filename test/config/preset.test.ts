import assert from 'node:assert/strict';
import * as z from 'zod';
import {describeOrigin, originOf} from '../../pipeline/config/describe.js';
import {KINDS} from './kinds.js';
import {changed, complaintsAbout, loadedConfig, type Request} from './rig.js';

const params = z.strictObject({
  preset: z.enum(['brisk', 'broken']).nullable().default(null),
  epochs: z.int().min(1),
  augment: z
    .union([z.literal('none'), z.strictObject({flip: z.number(), shift: z.int().default(0)})])
    .default('none'),
  optimizer: z.strictObject({
    name: z.enum(['sgd', 'adam']).default('adam'),
    lr: z.number(),
    momentum: z.number().default(0),
  }),
});

/** The usual kinds, with a `train` that has presets. */
const kinds = new Map(KINDS).set('train', {
  ...KINDS.get('train')!,
  params,
  presets: new Map([
    ['brisk', {epochs: 9, augment: {flip: 0.5}, optimizer: {name: 'sgd', lr: 0.5, momentum: 0.8}}],
    ['broken', {epochs: 0, optimizer: {lr: 1}}],
  ]),
});

const written = (text: string): Request => ({...changed('      epochs: 3\n', text), kinds});
const train = (request: Request) => loadedConfig(request).stages.find(({id}) => id === 'train')!;

describe('A preset', () => {
  it('fills in what is not written, and leaves what is', () => {
    const stage = train(written('      preset: brisk\n      optimizer: {lr: 0.1}\n'));
    assert.deepEqual(stage.params, {
      preset: 'brisk',
      epochs: 9,
      augment: {flip: 0.5, shift: 0},
      optimizer: {name: 'sgd', lr: 0.1, momentum: 0.8},
    });
  });

  it('is where its values come from', () => {
    const stage = train(written('      preset: brisk\n      optimizer:\n        lr: 0.1\n'));
    const origin = (path: string) => describeOrigin(originOf(stage, path));
    assert.equal(origin('epochs'), 'p.yaml:14');
    assert.equal(origin('optimizer.momentum'), 'p.yaml:14');
    assert.equal(origin('optimizer.lr'), 'p.yaml:16');
    assert.equal(origin('augment.shift'), 'default');
  });

  it('has nothing to say of another optimizer than its own', () => {
    const {optimizer} = train(
      written('      preset: brisk\n      optimizer: {name: adam, lr: 0.1}\n'),
    ).params;
    assert.deepEqual(optimizer, {name: 'adam', lr: 0.1, momentum: 0});
  });

  it('gives way to none', () => {
    assert.equal(train(written('      preset: brisk\n      augment: none\n')).params['augment'], 'none');
  });

  it('can be given by -S, and its values then come from there', () => {
    const stage = train({...written('      augment: none\n'), sets: ['train.preset=brisk']});
    assert.equal(stage.params['epochs'], 9);
    assert.equal(describeOrigin(originOf(stage, 'epochs')), '-S train.preset=brisk');
  });

  it('that does not exist is told with those that do', () => {
    assert.equal(
      complaintsAbout(written('      preset: brsk\n      epochs: 1\n      optimizer: {lr: 1}\n')),
      `p.yaml:14:15: error: stages.train.params.preset: expected brisk or broken, found "brsk"
  14 │       preset: brsk
     │               ^^^^
  hint: did you mean "brisk"?
`,
    );
  });

  it('with a value that does not fit is at fault where it is named', () => {
    assert.equal(
      complaintsAbout(written('      preset: broken\n')),
      `p.yaml:14:15: error: stages.train.params.epochs: must be 1 or more, found 0
  14 │       preset: broken
     │               ^^^^^^
`,
    );
  });
});
