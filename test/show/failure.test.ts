import assert from 'node:assert/strict';
import {fault} from '../../pipeline/model/diagnostic.js';
import type {Failure} from '../../pipeline/model/failure.js';
import {describeFailure, failureHeadline} from '../../pipeline/show/failure.js';
import {OUT_OF_MEMORY} from './events.js';

const EXITED = OUT_OF_MEMORY as Extract<Failure, {reason: 'exited'}>;
const said = (failure: Failure) => describeFailure(failure);

describe('A failure', () => {
  it('of a program tells who ended how, and its last words', () => {
    assert.equal(
      said(OUT_OF_MEMORY),
      `rank 1 of chexnet.training.train ended with exit code 1: CUDA out of memory
  │ Traceback (most recent call last):
  │   File "train.py", line 12
`,
    );
  });

  it('of a program that was killed names the signal', () => {
    assert.equal(
      said({...OUT_OF_MEMORY, code: null, signal: 'SIGKILL', rank: null, message: '', tail: []} as Failure),
      `chexnet.training.train was ended by SIGKILL
`,
    );
  });

  it('of ranks that were killed tells how the others ended, and that memory may be short', () => {
    const lost = {type: 'LostPeer', message: 'RuntimeError: Connection closed by peer'};
    const ranks = [0, 1, 2].map((rank) =>
      rank === 1
        ? {rank, code: null, signal: 'SIGKILL', error: null}
        : {rank, code: 1, signal: null, error: lost},
    );
    const message = 'rank 1 was killed (SIGKILL): out of memory, or by someone';
    const killed: Failure = {...EXITED, code: null, signal: 'SIGKILL', message, tail: [], ranks};
    assert.equal(
      said(killed),
      `chexnet.training.train: rank 1 was killed (SIGKILL): out of memory, or by someone
  ranks 0 and 2 lost their peer
  hint: if memory ran out (dmesg tells), accumulate or a smaller batch_size needs less; run again: the job goes on from its last checkpoint
`,
    );
  });

  it('of a program that said much keeps the end of it', () => {
    const tail = Array.from({length: 50}, (_, line) => `line ${line + 1}`);
    const lines = said({...OUT_OF_MEMORY, tail} as Failure).split('\n');
    assert.deepEqual([lines.length, lines[1], lines.at(-2)], [22, '  │ line 31', '  │ line 50']);
  });

  it('of a stage that may not wait for another run says for whom, and how to wait', () => {
    const message = 'process 7 (pipeline run) makes the same artifact';
    assert.equal(
      said({reason: 'busy', message, hint: 'run again without --no-wait to wait for it'}),
      `process 7 (pipeline run) makes the same artifact
  hint: run again without --no-wait to wait for it
`,
    );
  });

  it('of the input shows each fault', () => {
    const location = {file: 'a.csv', line: 2, column: 3, length: 4};
    const diagnostics = [
      fault('no such finding "Efusion"', location, 'did you mean "Effusion"?'),
      fault('age -1', null),
    ];
    assert.equal(
      said({reason: 'invalid-input', diagnostics}),
      `invalid input: 2 faults
a.csv:2:3: error: no such finding "Efusion"
  hint: did you mean "Effusion"?
error: age -1
`,
    );
    assert.equal(
      describeFailure(
        {reason: 'invalid-input', diagnostics: diagnostics.slice(0, 1)},
        {color: false, readText: () => 'image\nx,Efus\n'},
      ),
      `invalid input: no such finding "Efusion"
a.csv:2:3: error: no such finding "Efusion"
  2 │ x,Efus
    │   ^^^^
  hint: did you mean "Effusion"?
`,
    );
  });

  it('by the clock, by a missing output, by a lost agent says what to do', () => {
    assert.equal(
      said({reason: 'timed-out', what: 'chexnet.stages.evaluate', afterMs: 90_000}),
      `chexnet.stages.evaluate was stopped: it took longer than 1 min 30 s
  hint: give the stage a longer timeout, or find out what it waits for
`,
    );
    assert.equal(
      said({reason: 'output-missing', path: 'model.onnx'}),
      `it ended without writing model.onnx
  hint: look at what it printed: pipeline logs
`,
    );
    assert.equal(
      said({reason: 'agent-lost', address: 'tcp://127.0.0.1:5555', message: 'no heartbeat for 30 s'}),
      `the runtime agent at tcp://127.0.0.1:5555 was lost: no heartbeat for 30 s
  hint: run again: training goes on from its last checkpoint
`,
    );
  });

  it('of the environment and of the system says what is missing', () => {
    assert.equal(
      said({reason: 'environment', message: 'no Python 3.10 or newer', hint: 'set PIPELINE_PYTHON'}),
      `no Python 3.10 or newer
  hint: set PIPELINE_PYTHON
`,
    );
    assert.equal(
      said({
        reason: 'system',
        code: 'ENOSPC',
        path: '/mnt/out',
        message: 'no space left on the device',
        hint: 'free some space',
      }),
      `no space left on the device: /mnt/out (ENOSPC)
  hint: free some space
`,
    );
  });

  it('of ours shows the trace and asks for a report', () => {
    assert.equal(
      said({
        reason: 'threw',
        message: 'Internal error: no case for 3',
        trace: 'Error: Internal error: no case for 3\n    at f (a.js:1:2)',
      }),
      `Internal error: no case for 3
  │ Error: Internal error: no case for 3
  │     at f (a.js:1:2)
  hint: this is a fault of the pipeline: please report it
`,
    );
  });

  it('has a headline of one line without control characters', () => {
    assert.equal(failureHeadline({reason: 'threw', message: 'a\nb\u001b[2J', trace: ''}), 'a b\\x1b[2J');
  });
});
