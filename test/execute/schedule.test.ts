import assert from 'node:assert/strict';
import {type RunOrder, schedule} from '../../pipeline/execute/schedule.js';
import {stoppedFailure} from '../../pipeline/model/failure.js';
import {err} from '../../pipeline/model/result.js';
import type {StageId} from '../../pipeline/model/stage.js';
import {graphOf, kind, need, stage} from '../cache/stages.js';
import {diamond, failed, play} from './world.js';

describe('the schedule', () => {
  it('starts a stage once its needs have ended, and not before', async () => {
    const played = play(diamond(), {held: ['split', 'preprocess'], decisions: {notes: 'skip'}});
    await Promise.all([played.started('split'), played.started('preprocess')]);
    assert.deepEqual(played.log, ['start data', 'end data', 'start split', 'start preprocess']);
    played.finish('preprocess');
    played.finish('split');
    await played.outcomes();
    assert.deepEqual(played.log.slice(4), [
      'end preprocess',
      'end split',
      'start train',
      'end train',
      'start report',
      'end report',
    ]);
  });

  it('skips and restores without running, and says so', async () => {
    const decisions = {data: 'skip', split: 'restore', preprocess: 'skip', notes: 'skip'} as const;
    const played = play(diamond(), {decisions});
    assert.deepEqual(await played.outcomes(), {
      ...{data: 'skipped', notes: 'skipped', split: 'restored', preprocess: 'skipped'},
      ...{train: 'ran', report: 'ran'},
    });
    const told = played.news.map((item) => `${item.type} ${'stage' in item ? item.stage : ''}`);
    assert.deepEqual(told.slice(0, 2), ['stage-decided data', 'stage-decided notes']);
    assert.equal(told.filter((text) => text.startsWith('stage-finished')).length, 6);
  });

  it('cancels what needs a failed stage', async () => {
    const played = play(diamond(), {failing: ['split'], keepGoing: true});
    assert.deepEqual(await played.outcomes(), {
      ...{data: 'ran', notes: 'ran', split: 'failed', preprocess: 'ran'},
      ...{train: 'needs split', report: 'needs train'},
    });
  });

  it('starts nothing more after a failure unless it may keep going', async () => {
    const played = play(diamond(), {failing: ['data'], held: ['data'], width: 1});
    await played.started('data');
    played.finish('data');
    assert.deepEqual(await played.outcomes(), {
      ...{data: 'failed', notes: 'earlier-failure', split: 'needs data', preprocess: 'needs data'},
      ...{train: 'needs split', report: 'needs train'},
    });
  });

  it('fails a stage whose declared files cannot be read', async () => {
    const played = play(diamond(), {unreadable: ['notes'], keepGoing: true});
    const outcomes = await played.outcomes();
    assert.deepEqual([outcomes['notes'], outcomes['report']], ['failed', 'ran']);
  });

  it('only looks up what was not selected', async () => {
    const decisions = {data: 'skip', split: 'skip', preprocess: 'run'} as const;
    const played = play(diamond(), {selected: ['train'], decisions});
    assert.deepEqual(await played.outcomes(), {
      ...{data: 'skipped', notes: 'not-selected', split: 'skipped', preprocess: 'not-selected'},
      ...{train: 'needs preprocess, left out', report: 'not-selected'},
    });
    assert.deepEqual(played.log, []);
  });

  it('runs no more stages at once than it may', async () => {
    const played = play(diamond(), {width: 1, held: ['split'], decisions: {notes: 'skip'}});
    await played.started('split');
    assert.ok(!played.log.includes('start preprocess'));
    played.finish('split');
    await played.outcomes();
    assert.deepEqual(played.log.slice(2, 6), [
      'start split',
      'end split',
      'start preprocess',
      'end preprocess',
    ]);
  });

  it('lets two stages that want the same slot run one after the other', async () => {
    const slots = {accelerator: 1};
    const graph = diamond({split: {slots}, preprocess: {slots}});
    const played = play(graph, {held: ['split', 'notes'], slots});
    await Promise.all([played.started('split'), played.started('notes')]);
    assert.ok(!played.log.includes('start preprocess'));
    played.finish('notes');
    played.finish('split');
    assert.equal((await played.outcomes())['report'], 'ran');
  });

  it('runs one distributed stage after the other unless there are more accelerators', async () => {
    const work = {kind: 'distributed', launch: () => assert.fail('not launched here')} as const;
    const graph = diamond({split: {kind: kind({work})}, preprocess: {kind: kind({work})}});
    const one = play(graph, {held: ['split', 'notes']});
    await Promise.all([one.started('split'), one.started('notes')]);
    assert.ok(!one.log.includes('start preprocess'));
    const two = play(graph, {held: ['split', 'preprocess'], slots: {accelerator: 2}});
    await Promise.all([two.started('split'), two.started('preprocess')]);
    for (const [played, name] of [
      [one, 'split'],
      [one, 'notes'],
      [two, 'split'],
      [two, 'preprocess'],
    ] as const) {
      played.finish(name);
    }
    await Promise.all([one.outcomes(), two.outcomes()]);
  });

  it('gives a free slot to the stage that is furthest down the graph, among equals to the one that came first', async () => {
    const slots = {accelerator: 1};
    const trains = ['one', 'two', 'three', 'four'].map((name) => stage({name, slots}));
    const scores = trains.map(({id: name}) =>
      stage({name: `score-${name}`, slots, needs: [need(name, 'model')]}),
    );
    const played = play(graphOf(...trains, ...scores), {held: ['two'], slots});
    await played.started('two');
    // So that the first one's score waits too, behind two trainings.
    await new Promise(setImmediate);
    played.finish('two');
    await played.outcomes();
    const starts = played.log.filter((line) => line.startsWith('start'));
    assert.deepEqual(starts.slice(0, 4), ['start one', 'start two', 'start score-one', 'start three']);
  });

  it('lets a distributed stage that says what it takes take that in the place of the accelerator', async () => {
    const work = {kind: 'distributed', launch: () => assert.fail('not launched here')} as const;
    const gpu = {kind: kind({work}), slots: {gpu: 1}};
    const played = play(diamond({split: gpu, preprocess: gpu}), {
      held: ['split', 'preprocess'],
      slots: {gpu: 2},
    });
    await Promise.all([played.started('split'), played.started('preprocess')]);
    played.finish('split');
    played.finish('preprocess');
    assert.equal((await played.outcomes())['report'], 'ran');
  });

  it('runs a stage that wants more than there is alone', async () => {
    const graph = diamond({train: {slots: {cpu: 64}}});
    assert.equal((await play(graph, {slots: {cpu: 2}}).outcomes())['train'], 'ran');
  });

  it('starts nothing more once it is told to stop', async () => {
    const stop = new AbortController();
    const played = play(diamond(), {
      held: ['split', 'preprocess'],
      stop: stop.signal,
      decisions: {notes: 'skip'},
    });
    await Promise.all([played.started('split'), played.started('preprocess')]);
    stop.abort();
    played.finish('split');
    played.finish('preprocess');
    const outcomes = await played.outcomes();
    assert.deepEqual([outcomes['train'], outcomes['report']], ['interrupted', 'interrupted']);
  });

  it('lets a stage that waits for a slot go when it is told to stop', async () => {
    const stop = new AbortController();
    const played = play(diamond(), {width: 1, held: ['data'], stop: stop.signal});
    await played.started('data');
    stop.abort();
    played.finish('data');
    assert.equal((await played.outcomes())['notes'], 'interrupted');
  });

  it('counts a stage as interrupted whose inputs were not hashed to the end', async () => {
    const stop = new AbortController();
    const settled = await schedule(
      {
        graph: diamond(),
        ...{selected: new Set([...diamond().keys()]), slots: {}, width: 1, keepGoing: false},
        stop: stop.signal,
      },
      {
        inspect: async () => {
          stop.abort();
          return err(stoppedFailure('hashing'));
        },
        carryOut: (_: RunOrder) => assert.fail('nothing is to run'),
        succeeded: () => {},
        report: () => {},
        now: () => 0,
      },
    );
    for (const {outcome} of settled.values())
      assert.deepEqual(outcome, {status: 'cancelled', because: 'interrupted'});
  });

  it('does not hide a fault of ours', async () => {
    const played = schedule(
      {
        graph: diamond(),
        ...{selected: new Set<StageId>(), slots: {}, width: 1, keepGoing: false},
        stop: new AbortController().signal,
      },
      {
        inspect: () => Promise.reject(new Error('Internal error: no such thing')),
        carryOut: (_: RunOrder) => Promise.resolve(failed()),
        succeeded: () => {},
        report: () => {},
        now: () => 0,
      },
    );
    await assert.rejects(played, /Internal error: no such thing/);
  });
});
