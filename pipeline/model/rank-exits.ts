import {type JobEvent, LOST_PEER, NO_ANSWER, type RankExit} from './job-event.js';
import {listWords} from './words.js';

/** Exit statuses of a rank that was told to stop, saved and did so: 128 + SIGTERM, 128 + SIGINT. */
const STOPPED: readonly (number | null)[] = [143, 130];

/**
 * How the ranks of a job ended, those together that ended alike: `rank 1 was killed (SIGKILL); ranks 0 and 2 lost their
 * peer`. Empty when there are none.
 * @param leaveOut - The rank that is told of elsewhere.
 */
export function endsOfRanks(exits: readonly RankExit[], leaveOut: number | null = null): string {
  const groups = new Map<string, {ranks: number[]; say: Ending}>();
  for (const exit of exits) {
    if (exit.rank === leaveOut) continue;
    const say = endingOf(exit);
    const group = groups.get(say(false)) ?? {ranks: [], say};
    group.ranks.push(exit.rank);
    groups.set(say(false), group);
  }
  return [...groups.values()].map(({ranks, say}) => `${nameOf(ranks)} ${say(ranks.length > 1)}`).join('; ');
}

/** Of an attempt that did not end well, in a few words: what it met, or which rank was the first to end and how. */
export function endOfAttempt(exited: Extract<JobEvent, {type: 'exited'}>): string {
  const {code, signal, rank, rank_exits: exits} = exited;
  const culprit = exits.filter((exit) => exit.rank === rank);
  if (culprit.length > 0) return endsOfRanks(culprit);
  if (signal === 'SIGTERM') return 'it was told to stop';
  if (signal !== null)
    return exits.length > 1 ? `torchrun was ended by ${signal}` : `it was ended by ${signal}`;
  return code === null ? 'its agent was killed' : `it ended with exit status ${code}`;
}

type Ending = (many: boolean) => string;

function endingOf({code, signal, error}: RankExit): Ending {
  const were = (many: boolean) => (many ? 'were' : 'was');
  if (error?.type === LOST_PEER) return (many) => `lost ${many ? 'their' : 'its'} peer`;
  if (error?.type === NO_ANSWER) return () => 'did not answer';
  if (error !== null) return () => `failed (${error.type})`;
  if (signal === 'SIGKILL') return (many) => `${were(many)} killed (SIGKILL)`;
  if (signal === 'SIGTERM') return (many) => `${were(many)} told to stop (SIGTERM)`;
  if (signal !== null) return (many) => `${were(many)} ended by ${signal}`;
  if (code === null) return () => 'ended unseen';
  if (STOPPED.includes(code)) return () => 'saved and stopped when told to';
  return () => (code === 0 ? 'ended well' : `ended with exit status ${code}`);
}

/** `rank 3`, `ranks 0 and 2`, `ranks 0–3 and 7`. */
function nameOf(ranks: readonly number[]): string {
  const spans: {from: number; to: number}[] = [];
  for (const rank of ranks) {
    const last = spans.at(-1);
    if (last !== undefined && last.to === rank - 1) last.to = rank;
    else spans.push({from: rank, to: rank});
  }
  const words = spans.flatMap(({from, to}) =>
    to - from < 2 ? (from === to ? [`${from}`] : [`${from}`, `${to}`]) : [`${from}–${to}`],
  );
  return `${ranks.length === 1 ? 'rank' : 'ranks'} ${listWords(words)}`;
}
