import type {Event} from '../model/event.js';
import type {JobEvent} from '../model/job-event.js';
import {endsOfRanks} from '../model/rank-exits.js';
import type {StageId} from '../model/stage.js';
import {
  countOf,
  formatBytes,
  formatClock,
  formatDuration,
  formatMeasure,
  formatNumber,
  formatRate,
  formatShare,
} from '../model/words.js';
import {failureHeadline} from './failure.js';
import {type Line, type Style, span} from './line.js';
import {
  cancelledText,
  DOT,
  decisionWord,
  epochFacts,
  factsOf,
  outcomeWord,
  reasonText,
  taintedText,
} from './phrases.js';
import {amountText, rateText, shareOf, timeLeftText} from './progress.js';
import {deviceText, follow, type RunView} from './state.js';
import {outputLines, padEnd, padStart, printable} from './text.js';

/** -1 failures only, 0 the course of the run, 1 what stages print as well, 2 everything. */
export type Verbosity = -1 | 0 | 1 | 2;

/** Append-only output: the view after the last event, and when each stage's progress was told last. */
export type Log = Readonly<{
  view: RunView | null;
  told: ReadonlyMap<StageId, Readonly<{atMs: number; share: number | null}>>;
}>;

/** Before the first event. */
export const EMPTY_LOG: Log = {view: null, told: new Map()};

/** Progress is told again after so long and so much: a short stage in tenths, a long one in hundredths. */
const LEAST_PROGRESS: readonly Readonly<{gapMs: number; share: number}>[] = [
  {gapMs: 1_000, share: 0.1},
  {gapMs: 10_000, share: 0.01},
  {gapMs: 300_000, share: 0},
];

/** Whoever wants more also wants to see that it goes on. */
const LEAST_WHEN_VERBOSE = [...LEAST_PROGRESS, {gapMs: 10_000, share: 0}];

/** One more event: the log after it, and the lines to append. */
export function logEvent(log: Log, event: Event, verbosity: Verbosity): {log: Log; lines: readonly Line[]} {
  const view = follow(log.view, event);
  const after = {...log, view};
  if (event.type === 'run-started' || view === null) {
    const lines = view === null || verbosity < 0 ? [] : [startLine(view)];
    return {log: after, lines};
  }
  if (event.type === 'run-finished') {
    return {log: after, lines: verbosity < 0 && event.status === 'succeeded' ? [] : [endLine(view, event)]};
  }
  if (event.type === 'run-stopping') return {log: after, lines: verbosity < 0 ? [] : [STOPPING]};
  const isProgress =
    event.type === 'stage-progress' || (event.type === 'job-event' && event.event.type === 'progress');
  if (isProgress)
    return verbosity < 0 ? {log: after, lines: []} : logProgress(after, {event, view, verbosity});
  return {log: after, lines: stageLines(event, {view, verbosity})};
}

const STOPPING: Line = [
  span('stopping: what is done is saved; a second Ctrl-C ends everything at once', 'warn'),
];

/** What an event of a stage has to say at that verbosity, one line each. */
export function stageLines(
  event: Event,
  {view, verbosity}: {view: RunView; verbosity: Verbosity},
): readonly Line[] {
  if (event.type === 'run-stopping') return [STOPPING];
  if (event.type === 'run-started' || event.type === 'run-finished') return [];
  return textsOf(event, verbosity).map((said) => prefixed(said, {event, view}));
}

type StageEvent = Exclude<Event, {type: 'run-started' | 'run-stopping' | 'run-finished'}>;
type Said = Readonly<{word: string; text: string; style: Style}>;

function startLine({pipeline, run, stages, configFile}: RunView): Line {
  const what = `: run ${printable(run)} of ${countOf(stages.length, 'stage')} (${printable(configFile)})`;
  return [span(printable(pipeline), 'bold'), span(what)];
}

function endLine(view: RunView, event: Extract<Event, {type: 'run-finished'}>): Line {
  const words = view.stages.flatMap(({phase}) =>
    phase.is === 'settled' ? [outcomeWord(phase.outcome)] : [],
  );
  const counts = [...new Set(words)].map((word) => `${words.filter((one) => one === word).length} ${word}`);
  const style = event.status === 'succeeded' ? 'good' : 'bad';
  const head = span(`${event.status} in ${formatDuration(event.seconds)}`, style);
  return counts.length === 0 ? [head] : [head, span(`: ${counts.join(', ')}`)];
}

const WORD_WIDTH = 'cancelled'.length;

/** `   0:14  preprocess  40%        240/600 images · 812 images/s` */
function prefixed({word, text, style}: Said, {event, view}: {event: StageEvent; view: RunView}): Line {
  const clock = padStart(formatClock((Date.parse(event.at) - view.startedAtMs) / 1000), 7);
  const names = Math.max(...view.stages.map(({id}) => id.length));
  const front = [span(clock, 'dim'), span(`  ${padEnd(event.stage, names)}  `)];
  if (word === '') return [...front, span(text)];
  return [...front, span(`${padEnd(word, WORD_WIDTH)}  `, style), span(text)];
}

function logProgress(
  log: Log,
  {event, view, verbosity}: {event: StageEvent; view: RunView; verbosity: Verbosity},
): {log: Log; lines: readonly Line[]} {
  const stage = view.stages.find(({id}) => id === event.stage);
  const progress = stage?.progress;
  if (!stage || !progress) return {log, lines: []};
  const atMs = Date.parse(event.at);
  const share = shareOf(progress);
  const last = log.told.get(event.stage);
  const now = {atMs, share};
  const remember = (told: typeof now): Log => ({...log, told: new Map(log.told).set(event.stage, told)});
  // The first report says where it begins; that it began has been told.
  if (last === undefined || (share !== null && share < (last.share ?? 0)))
    return {log: remember(now), lines: []};
  const gapMs = atMs - last.atMs;
  // Without a total only the clock counts.
  const gained = share === null ? 0.01 : share - (last.share ?? 0);
  const due = (verbosity >= 1 ? LEAST_WHEN_VERBOSE : LEAST_PROGRESS).some(
    (least) => gapMs >= least.gapMs && gained >= least.share,
  );
  if (!due || share === 1) return {log, lines: []};
  const {training} = stage;
  const parts = [
    amountText(progress),
    training?.loss == null ? null : `loss ${formatMeasure(training.loss, 3)}`,
    training?.imagesPerSecond == null ? rateText(progress) : formatRate(training.imagesPerSecond, 'images'),
    timeLeftText(progress, atMs),
  ];
  const text = parts.filter((part) => part !== null);
  const word = share === null ? '' : formatShare(share);
  return {log: remember(now), lines: [prefixed({word, text: text.join(DOT), style: 'plain'}, {event, view})]};
}

function textsOf(event: StageEvent, verbosity: Verbosity): readonly Said[] {
  const least = LEAST[event.type === 'job-event' ? `job:${event.event.type}` : event.type] ?? 2;
  if (event.type === 'stage-finished') return finishTexts(event, verbosity);
  if (verbosity < least) return [];
  switch (event.type) {
    case 'stage-decided': {
      const {decision} = event;
      const style = decision.action === 'run' ? 'live' : decision.action === 'restore' ? 'restored' : 'dim';
      return [{word: decisionWord(decision), text: printable(reasonText(decision)), style}];
    }
    case 'stage-started':
      return [{word: 'started', text: event.attempt > 1 ? `attempt ${event.attempt}` : '', style: 'plain'}];
    case 'stage-note':
      if (event.level === 'warning') return [{word: 'warning', text: printable(event.text), style: 'warn'}];
      return [{word: '', text: printable(event.text), style: 'plain'}];
    case 'stage-output': {
      const front = event.rank === null ? '│ ' : `${event.rank} │ `;
      return outputLines(event.text).map((line) => ({word: '', text: front + line, style: 'plain'}));
    }
    case 'job-event':
      return jobTexts(event.event);
    default:
      return [];
  }
}

/** From which verbosity on an event is told. */
const LEAST: Readonly<Record<string, Verbosity>> = {
  'stage-decided': 0,
  'stage-started': 0,
  'stage-note': 0,
  'stage-output': 1,
  'job:device': 0,
  'job:epoch': 0,
  'job:log': 1,
  'job:warning': 0,
  'job:checkpoint': 1,
};

function finishTexts(
  {outcome, seconds}: Extract<Event, {type: 'stage-finished'}>,
  verbosity: Verbosity,
): readonly Said[] {
  if (outcome.status === 'failed') {
    const text = `after ${formatDuration(seconds)}: ${failureHeadline(outcome.failure)}`;
    return [{word: 'FAILED', text, style: 'bad'}];
  }
  if (verbosity < 0) return [];
  const word = outcomeWord(outcome);
  if (outcome.status === 'cancelled') return [{word, text: cancelledText(outcome), style: 'warn'}];
  if (outcome.tainted.length > 0) return [{word, text: taintedText(outcome), style: 'warn'}];
  // That nothing was done, the decision has said.
  if (outcome.how !== 'ran') return [];
  const facts = [formatDuration(seconds), ...factsOf(outcome.summary)];
  return [{word, text: printable(facts.join(DOT)), style: 'good'}];
}

function jobTexts(event: JobEvent): readonly Said[] {
  const say = (text: string): readonly Said[] => [{word: '', text: printable(text), style: 'plain'}];
  switch (event.type) {
    case 'started':
      return say(`attempt ${event.attempt} has pid ${event.pid}: ${event.argv.join(' ')}`);
    case 'device':
      return say(`${deviceText(event)}, torch ${event.torch}: ${event.because}`);
    case 'log':
      return outputLines(event.line).map((line) => ({
        word: '',
        text: `${event.rank} │ ${line}`,
        style: 'plain',
      }));
    case 'warning':
      return [{word: 'warning', text: printable(event.text), style: 'warn'}];
    case 'steps': {
      const last = event.losses.at(-1) ?? null;
      const loss = last === null ? 'not finite' : formatNumber(Number(last.toPrecision(4)));
      return say(
        `step ${event.first_step + event.losses.length - 1}: loss ${loss}, lr ${formatNumber(event.learning_rate)}`,
      );
    }
    case 'epoch':
      return [{word: `epoch ${event.epoch}/${event.of}`, text: epochFacts(event).join(DOT), style: 'plain'}];
    case 'checkpoint':
      return say(`checkpoint at step ${event.step}: ${formatBytes(event.bytes)}`);
    case 'exited':
      return say(exitedText(event));
    default:
      return [];
  }
}

/** Ranks are told of only where something went wrong, and not in journals of before. */
function exitedText({code, signal, rank_exits: ranks}: Extract<JobEvent, {type: 'exited'}>): string {
  const how = `exited ${signal ?? `with code ${code ?? 'unknown'}`}`;
  const ends = code === 0 ? '' : endsOfRanks(ranks ?? []);
  return ends === '' ? how : `${how}: ${ends}`;
}
