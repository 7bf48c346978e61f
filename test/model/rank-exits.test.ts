import assert from 'node:assert/strict';
import type {RankExit} from '../../pipeline/model/job-event.js';
import {endOfAttempt, endsOfRanks} from '../../pipeline/model/rank-exits.js';

const LOST = {type: 'LostPeer', message: 'RuntimeError: Connection closed by peer'};

function exit(rank: number, changed: Partial<RankExit> = {}): RankExit {
  return {rank, code: null, signal: null, error: null, ...changed};
}

describe('how ranks ended', () => {
  it('is told of those together that ended alike', () => {
    const ranks = [0, 1, 2, 3, 5].map((rank) => exit(rank, {code: 1, error: LOST}));
    assert.equal(
      endsOfRanks([...ranks, exit(4, {signal: 'SIGKILL'})]),
      'ranks 0–3 and 5 lost their peer; rank 4 was killed (SIGKILL)',
    );
  });

  it('leaves out the one that is told of elsewhere', () => {
    const exits = [
      exit(0, {code: 1, error: LOST}),
      exit(1, {signal: 'SIGKILL'}),
      exit(2, {code: 1, error: LOST}),
    ];
    assert.equal(endsOfRanks(exits, 1), 'ranks 0 and 2 lost their peer');
    assert.equal(endsOfRanks([exits[1]!], 1), '');
  });

  for (const [changed, one, two] of [
    [{code: 0}, 'ended well', 'ended well'],
    [{code: 7}, 'ended with exit status 7', 'ended with exit status 7'],
    [{code: 143}, 'saved and stopped when told to', 'saved and stopped when told to'],
    [{signal: 'SIGTERM'}, 'was told to stop (SIGTERM)', 'were told to stop (SIGTERM)'],
    [{signal: 'SIGSEGV'}, 'was ended by SIGSEGV', 'were ended by SIGSEGV'],
    [{code: 1, error: {type: 'ValueError', message: 'no'}}, 'failed (ValueError)', 'failed (ValueError)'],
    [{signal: 'SIGKILL', error: {type: 'NoAnswer', message: ''}}, 'did not answer', 'did not answer'],
    [{}, 'ended unseen', 'ended unseen'],
  ] as const) {
    it(`may be that it ${one}`, () => {
      assert.equal(endsOfRanks([exit(3, changed)]), `rank 3 ${one}`);
      assert.equal(endsOfRanks([exit(0, changed), exit(1, changed)]), `ranks 0 and 1 ${two}`);
    });
  }
});

describe('how an attempt ended', () => {
  const exited = {at: 1, type: 'exited', code: null, signal: null, rank: null, error: null} as const;
  const rank_exits = [exit(0, {code: 1, error: LOST}), exit(1, {signal: 'SIGKILL'})];
  for (const [changed, told] of [
    [{signal: 'SIGKILL', rank: 1, rank_exits}, 'rank 1 was killed (SIGKILL)'],
    [{signal: 'SIGKILL', rank_exits}, 'torchrun was ended by SIGKILL'],
    [{signal: 'SIGTERM', rank_exits}, 'it was told to stop'],
    [{rank_exits}, 'its agent was killed'],
    [{code: 1, rank_exits: []}, 'it ended with exit status 1'],
  ] as const) {
    it(`may be: ${told}`, () => {
      assert.equal(endOfAttempt({...exited, ...changed}), told);
    });
  }
});
