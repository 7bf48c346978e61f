import assert from 'node:assert/strict';
import {chmodSync, existsSync, mkdirSync, readFileSync, writeFileSync} from 'node:fs';
import {join} from 'node:path';
import {runExec} from '../../pipeline/execute/exec.js';
import type {WorkOrder} from '../../pipeline/execute/work-order.js';
import type {Failure} from '../../pipeline/model/failure.js';
import type {RunName, Stage} from '../../pipeline/model/stage.js';
import type {ArtifactRef, StageContext, StageNews, StageResult} from '../../pipeline/model/stage-kind.js';
import {startTimeOf} from '../../pipeline/store/processes.js';
import {digest, EXEC, id, kind, stage} from '../cache/stages.js';
import {until} from '../dispatch/rig.js';
import {inFolder} from '../store/workplace.js';

type Command = Readonly<{command: string | readonly string[]; outs?: readonly string[]}>;
type Options = Readonly<{
  timeoutMs?: number;
  signal?: AbortSignal;
  kill?: AbortSignal;
  needs?: readonly ArtifactRef[];
}>;
type Played = Readonly<{result: StageResult; lines: readonly string[]; pids: readonly number[]; out: string}>;

async function play(
  folder: string,
  {command, outs = ['out.txt']}: Command,
  options: Options = {},
): Promise<Played> {
  const out = join(folder, 'out');
  mkdirSync(out, {recursive: true});
  const lines: string[] = [];
  const pids: number[] = [];
  const report = (news: StageNews) => {
    if (news.type === 'stage-output') lines.push(`${news.stream}: ${news.text}`);
  };
  const own = stage({
    name: 'tables',
    kind: kind({uses: 'exec', work: EXEC}),
    params: {command: command as string, outs: [...outs], deps: [], env: []},
    timeoutMs: options.timeoutMs ?? null,
  });
  const order: WorkOrder = {
    ...{stage: own, fingerprint: digest('tables'), run: 'calm-carina' as RunName},
    context: contextOf(own, {out, report, ...options}),
    kill: options.kill ?? new AbortController().signal,
    noteChild: ({pid}) => pids.push(pid),
    noteAbandoned: () => {},
  };
  const environment = {PATH: process.env['PATH'], PIPELINE_TEST_RUN: process.env['PIPELINE_TEST_RUN']};
  return {result: await runExec({folder, environment}, order), lines, pids, out};
}

function contextOf(
  own: Stage,
  given: Options & {out: string; report: (news: StageNews) => void},
): StageContext {
  return {
    ...{stage: own.id, params: own.params, resume: given.out, concurrency: 1, runFolder: given.out},
    ...{out: given.out, report: given.report, needs: given.needs ?? []},
    need: () => assert.fail('not asked for here'),
    optionalNeed: () => null,
    ...{
      digests: () => new Map(),
      earlier: async () => [],
      leftovers: async () => [],
      python: () => assert.fail('not asked for here'),
    },
    signal: given.signal ?? new AbortController().signal,
  };
}

function failureOf({result}: Played): Failure {
  assert.ok(!result.ok, JSON.stringify(result));
  return result.error;
}

describe('an exec stage', () => {
  it('runs a line of shell in the folder of the configuration and keeps its outputs', () =>
    inFolder(async (folder) => {
      writeFileSync(join(folder, 'in.txt'), 'three\nlines\nhere\n');
      const played = await play(folder, {command: 'wc -l < in.txt > "$PIPELINE_OUT_DIR/out.txt"'});
      assert.deepEqual(played.result, {ok: true, value: {files: 1}});
      assert.equal(readFileSync(join(played.out, 'out.txt'), 'utf8').trim(), '3');
    }));

  it('runs a program with its arguments, whatever they look like', () =>
    inFolder(async (folder) => {
      const command = [
        '/bin/sh',
        '-c',
        'printf %s "$1" > "$PIPELINE_OUT_DIR/out.txt"',
        'sh',
        '$HOME; `id` "x"',
      ];
      const played = await play(folder, {command});
      assert.equal(readFileSync(join(played.out, 'out.txt'), 'utf8'), '$HOME; `id` "x"');
    }));

  it('passes lines on as they come, and where the artifacts lie that it needs', () =>
    inFolder(async (folder) => {
      const need = (name: string, type: ArtifactRef['type']): ArtifactRef => ({
        ...{stage: id(name), uses: 'exec', type, path: `/artifacts/${name}`},
        ...{output: digest('o'), fingerprint: digest('f'), params: {}},
      });
      const played = await play(
        folder,
        {
          command:
            'touch "$PIPELINE_OUT_DIR/out.txt"; env | grep ^PIPELINE_ | grep -v TEST | sort; echo bad >&2',
        },
        {needs: [need('raw-1', 'files'), need('raw-2', 'files'), need('net', 'model')]},
      );
      assert.deepEqual(
        played.lines.filter((line) => line.startsWith('stdout')),
        [
          'stdout: PIPELINE_NEED_MODEL=/artifacts/net',
          'stdout: PIPELINE_NEED_NET=/artifacts/net',
          'stdout: PIPELINE_NEED_RAW_1=/artifacts/raw-1',
          'stdout: PIPELINE_NEED_RAW_2=/artifacts/raw-2',
          `stdout: PIPELINE_OUT_DIR=${join(folder, 'out')}`,
          'stdout: PIPELINE_RUN=calm-carina',
          'stdout: PIPELINE_STAGE=tables',
        ],
      );
      assert.ok(played.lines.includes('stderr: bad'));
    }));

  it('fails with the status and the end of what was said', () =>
    inFolder(async (folder) => {
      const failure = failureOf(await play(folder, {command: 'seq 30; echo no such column >&2; exit 3'}));
      assert.ok(failure.reason === 'exited');
      assert.deepEqual(
        [failure.code, failure.signal, failure.message],
        [3, null, 'the command ended with exit status 3'],
      );
      assert.equal(failure.tail.length, 20);
      assert.ok(failure.tail.includes('no such column'));
    }));

  it('fails when a declared output is not there', () =>
    inFolder(async (folder) => {
      const failure = failureOf(await play(folder, {command: 'true', outs: ['a.csv']}));
      assert.deepEqual(failure, {reason: 'output-missing', path: 'a.csv'});
    }));

  it('tells of a program that is not there', () =>
    inFolder(async (folder) => {
      assert.deepEqual(failureOf(await play(folder, {command: ['no-such-program']})), {
        reason: 'environment',
        message: "there is no program 'no-such-program'",
        hint: `is it installed, or its path relative to ${folder}?`,
      });
    }));

  it('tells of a file that may not be executed', () =>
    inFolder(async (folder) => {
      const path = join(folder, 'script');
      writeFileSync(path, '#!/bin/sh\n');
      chmodSync(path, 0o644);
      const failure = failureOf(await play(folder, {command: [path]}));
      assert.equal('message' in failure && failure.message, `'${path}' may not be executed`);
    }));

  it('is ended with all its children at its time limit', () =>
    inFolder(async (folder) => {
      const command = 'sleep 600 & echo $! > pid; sleep 600';
      const played = await play(folder, {command}, {timeoutMs: 300});
      assert.deepEqual(failureOf(played), {reason: 'timed-out', what: 'tables', afterMs: 300});
      await untilGone(folder, played);
    }));

  it('is asked to stop first, and killed when it is told twice', () =>
    inFolder(async (folder) => {
      const [stop, kill] = [new AbortController(), new AbortController()];
      const waiting = join(folder, 'waiting');
      const command = `trap 'touch asked' TERM; touch waiting; while :; do sleep 600 & echo $! > pid; wait; done`;
      const playing = play(folder, {command}, {signal: stop.signal, kill: kill.signal});
      await until(() => existsSync(waiting), 'the command waits');
      stop.abort();
      await until(() => existsSync(join(folder, 'asked')), 'it was asked');
      kill.abort();
      const failure = failureOf(await playing);
      assert.equal('message' in failure && failure.message, 'stopped before its end');
      await untilGone(folder, await playing);
    }));

  it('leaves nothing running that it started in its group', () =>
    inFolder(async (folder) => {
      const command = 'sleep 600 & echo $! > pid; touch "$PIPELINE_OUT_DIR/out.txt"';
      const played = await play(folder, {command});
      assert.ok(played.result.ok);
      await untilGone(folder, played);
    }));
});

/** The command itself, and the child whose number it wrote into the file `pid`. */
async function untilGone(folder: string, {pids}: Played): Promise<void> {
  const child = Number(readFileSync(join(folder, 'pid'), 'utf8'));
  await until(() => [...pids, child].every((pid) => startTimeOf(pid) === null), 'the group is gone');
}
