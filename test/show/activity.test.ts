import assert from 'node:assert/strict';
import type {Event} from '../../pipeline/model/event.js';
import {type Activity, activityDocument, activityLines} from '../../pipeline/show/activity.js';
import {follow, type RunView} from '../../pipeline/show/state.js';
import {atMs, begun, eventsOf, job, note, progress, started, type Timed} from './events.js';

function viewOf(events: readonly Event[]): RunView {
  return events.reduce<RunView | null>(follow, null)!;
}

/** What is under way of these stages, at that second. */
function activityOf(timed: readonly Timed[], more: Partial<Activity> = {}): Activity {
  const {stages, run, pipeline, startedAtMs} = viewOf(eventsOf(timed));
  return {
    ...{run, pipeline, startedAtMs, state: 'running', isStopping: false},
    driver: {pid: 4711, host: 'gpu1'},
    lastWordAtMs: atMs(timed.at(-1)![0]),
    stages: stages.flatMap((view) =>
      view.phase.is === 'running' ? [{view, sinceMs: view.phase.sinceMs, agent: {pid: 4712}}] : [],
    ),
    ...more,
  };
}

const DEVICE = {
  ...({type: 'device', name: 'cpu', description: 'any', because: 'asked for', torch: '2'} as const),
  ...{ranks: 2, resumed_from_step: null, resumed_from_ranks: null},
};

const TRAINING: readonly Timed[] = [
  [0, started('train', 'predict')],
  [10, begun('train')],
  [11, job('train', DEVICE)],
  [12, job('train', {type: 'progress', done: 0, total: 2000, unit: 'steps'})],
  [20, job('train', {type: 'checkpoint', step: 990, epoch: 0, path: 'a', sha256: 'b', bytes: 1})],
  [
    22,
    job('train', {
      ...{type: 'steps', epoch: 1, first_step: 999, losses: [0.3, 0.1], step_seconds: [0.5, 0.5]},
      ...{images: 64, learning_rate: 1e-3},
    }),
  ],
  [22, job('train', {type: 'progress', done: 1000, total: 2000, unit: 'steps'})],
];

describe('what is under way', () => {
  it('tells of a training how far it is, how fast, for how long still, on what and what is saved', () => {
    assert.deepEqual(activityLines(activityOf(TRAINING), atMs(25)), [
      'brave-otter  runs since 25 s · driver pid 4711 on gpu1',
      '  train  epoch 1 · step 1,000/2,000 (50%) · loss 0.200 · 64 images/s · 0:15 · about 0:07 left',
      '         2 ranks on cpu (any) · last checkpoint at step 990, 5.0 s ago',
    ]);
  });

  it('tells of other stages what they count and say, and that none has begun', () => {
    const lines = (timed: readonly Timed[]) => activityLines(activityOf(timed), atMs(4)).slice(1);
    assert.deepEqual(lines([[0, started('a')]]), ['  no stage has begun yet']);
    const two: readonly Timed[] = [
      [0, started('a', 'b')],
      [1, begun('a')],
      [1, begun('b')],
      [2, note('a', 'making the Python environment')],
      [2, progress('b', 0, 40)],
      [4, progress('b', 10, 40)],
    ];
    assert.deepEqual(lines(two), [
      '  a  making the Python environment · 0:03',
      '  b  10/40 images (25%) · 5.0 images/s · 0:03 · about 0:06 left',
    ]);
  });

  it('tells who drives, or that nobody does or can be asked', () => {
    const headOf = (more: Partial<Activity>) => activityLines(activityOf(TRAINING, more), atMs(25))[0];
    assert.equal(headOf({isStopping: true}), 'brave-otter  is stopping · driver pid 4711 on gpu1');
    assert.equal(
      headOf({state: 'without-driver'}),
      'brave-otter  train goes on without a driver · agent pid 4712',
    );
    assert.equal(
      headOf({state: 'elsewhere'}),
      'brave-otter  driver pid 4711 on gpu1, which cannot be asked from here · last word 3.0 s ago',
    );
  });

  it('measures by the clock of the job, also when its events come all at once', () => {
    const replayed: readonly Event[] = eventsOf(TRAINING).map((event) => ({
      ...event,
      at: new Date(atMs(24)).toISOString(),
    }));
    const {progress: told} = viewOf(replayed).stages[0]!;
    assert.deepEqual(
      told!.marks.map(({atMs: at, done}) => [at, done]),
      [
        [atMs(12), 0],
        [atMs(22), 1000],
      ],
    );
  });

  it('is one document for machines, null where it is not known', () => {
    assert.deepEqual(activityDocument(activityOf(TRAINING), atMs(25)), {
      ...{run: 'brave-otter', pipeline: 'demo', state: 'running', stopping: false},
      ...{driver: {pid: 4711, host: 'gpu1', alive: true}, seconds: 25, last_word_seconds: 3},
      stages: [
        {
          ...{id: 'train', agent: {pid: 4712}, seconds: 15, seconds_left: 7},
          progress: {done: 1000, total: 2000, unit: 'steps'},
          training: {
            ...{epoch: 1, epochs: null, loss: 0.2, val_auroc_macro: null, best_val_auroc_macro: null},
            images_per_second: 64,
          },
          device: {name: 'cpu (any)', ranks: 2},
          checkpoint: {step: 990, age_seconds: 5},
        },
      ],
    });
  });
});
