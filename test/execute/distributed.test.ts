import assert from 'node:assert/strict';
import {existsSync, mkdirSync, readdirSync, rmSync, writeFileSync} from 'node:fs';
import {join} from 'node:path';
import {findAgent} from '../../pipeline/dispatch/agent-process.js';
import {runJob} from '../../pipeline/dispatch/driver.js';
import {DEFAULT_LIMITS} from '../../pipeline/dispatch/job-request.js';
import {type DistributedTools, dismissJob, runDistributed} from '../../pipeline/execute/distributed.js';
import type {WorkOrder} from '../../pipeline/execute/work-order.js';
import type {Json} from '../../pipeline/model/json.js';
import {ok} from '../../pipeline/model/result.js';
import type {Launch, StageContext, StageNews, Work} from '../../pipeline/model/stage-kind.js';
import {isSameProcess} from '../../pipeline/store/processes.js';
import {JOBS, testPython, until} from '../dispatch/rig.js';
import {ROOT} from '../rig.js';
import {inFolder} from '../store/workplace.js';
import {type OrderOptions, orderFor} from './orders.js';

type Distributed = Extract<Work, {kind: 'distributed'}>;
type Steps = (context: StageContext) => Json[];

const done = {do: 'summary', facts: {epochs: 3}};

function work(steps: Steps): Distributed {
  const launch = (context: StageContext): Launch => ({
    ...{module: 'scripted_job', ranks: 1, torchrun: false, environment: {}},
    arguments: {steps: steps(context)},
  });
  return {kind: 'distributed', launch};
}

async function tools(): Promise<DistributedTools> {
  return {
    python: await testPython(),
    sourceFolder: join(ROOT, 'py'),
    environment: {...process.env, PYTHONPATH: JOBS},
    limits: DEFAULT_LIMITS,
    place: {where: 'here'},
    delivered: new Map(),
  };
}

/** Carries the order out with these tools and steps, as often as asked. */
async function begin(folder: string, options: OrderOptions = {}) {
  const given = await tools();
  const play = (steps: Steps) => {
    const order: WorkOrder = orderFor(folder, work(steps), options);
    return runDistributed(work(steps), given, order);
  };
  return {given, play};
}

describe('a distributed stage', () => {
  it('leaves the outputs of its job in the folder of the attempt', () =>
    inFolder(async (folder) => {
      const {play} = await begin(folder);
      const result = await play(({out}) => [{do: 'touch', path: join(out, 'best.pt')}, done]);
      assert.deepEqual(result, ok({epochs: 3}));
      assert.deepEqual(readdirSync(join(folder, 'out')), ['best.pt']);
    }));

  it('does not mix outputs of an attempt that failed into the next one, and keeps its state', () =>
    inFolder(async (folder) => {
      const {play} = await begin(folder);
      await play(({out, resume}) => [
        {do: 'touch', path: join(out, 'half.pt')},
        {do: 'touch', path: join(resume, 'step-100.pt')},
        {do: 'kill', signal: 9},
      ]);
      const result = await play(({out, resume}) => [
        {do: 'wait-for', path: join(resume, 'step-100.pt')},
        {do: 'touch', path: join(out, 'best.pt')},
        done,
      ]);
      assert.ok(result.ok);
      assert.deepEqual(readdirSync(join(folder, 'out')), ['best.pt']);
    }));

  it('reports every event once over the attempts of a run', () =>
    inFolder(async (folder) => {
      const seen: string[] = [];
      const onNews = (news: StageNews) => {
        if (news.type === 'job-event') seen.push(`${news.jobSeq} ${news.event.type}`);
      };
      const {play} = await begin(folder, {onNews});
      await play(() => [{do: 'exit', code: 3}]);
      await play(() => [done]);
      assert.deepEqual(seen, ['1 started', '2 exited', '3 started', '4 summary', '5 exited']);
    }));

  it('takes the outputs of a job that ended well after its run was killed, without another attempt', () =>
    inFolder(async (folder) => {
      const {play, given} = await begin(folder);
      const places = ['job', 'state', 'out'].map((name) => join(folder, 'resume', name));
      for (const place of places) mkdirSync(place, {recursive: true});
      const {context, kill} = orderFor(
        folder,
        work(() => []),
      );
      const left = await runJob({
        ...given,
        ...{
          dir: places[0]!,
          job: orderFor(
            folder,
            work(() => []),
          ).fingerprint,
        },
        launch: work(() => [{do: 'touch', path: join(places[2]!, 'best.pt')}, done]).launch(context),
        ...{after: 0, reuseFinished: false, timeoutMs: null, signal: context.signal, kill},
        beforeAttempt: () => {},
        onEvent: () => {},
        onNote: () => {},
      });
      assert.ok(left.ok);
      assert.deepEqual(await play(() => [{do: 'exit', code: 9}]), ok({epochs: 3}));
      assert.deepEqual(readdirSync(join(folder, 'out')), ['best.pt']);
      assert.deepEqual(readdirSync(join(places[0]!, 'attempts')), ['1']);
    }));

  it('can be dismissed with its agent and ranks', () =>
    inFolder(async (folder) => {
      const {play} = await begin(folder);
      const waiting = join(folder, 'waiting');
      const playing = play(() => [
        {do: 'touch', path: waiting},
        {do: 'wait-for', path: join(folder, 'never')},
      ]);
      await until(() => existsSync(waiting), 'the job waits');
      const agent = findAgent(join(folder, 'resume', 'job'))!;
      const {signal} = new AbortController();
      assert.ok((await dismissJob(join(folder, 'resume'), {place: {where: 'here'}, signal})).ok);
      assert.ok(!isSameProcess(agent));
      const result = await playing;
      assert.ok(!result.ok && result.error.reason === 'agent-lost');
    }));

  it('has its outputs made afresh when they were taken away before they were committed', () =>
    inFolder(async (folder) => {
      const {play} = await begin(folder);
      const steps: Steps = ({out}) => [{do: 'touch', path: join(out, 'best.pt')}, done];
      await play(steps);
      // The commit was killed, and the store has cleared the attempt away.
      writeFileSync(join(folder, 'out', 'best.pt'), 'taken');
      rmSync(join(folder, 'out'), {recursive: true});
      assert.ok((await play(steps)).ok);
      assert.deepEqual(readdirSync(join(folder, 'out')), ['best.pt']);
      assert.deepEqual(readdirSync(join(folder, 'resume', 'job', 'attempts')), ['1', '2']);
    }));
});
