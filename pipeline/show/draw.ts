import {countOf, formatClock, formatDuration} from '../model/words.js';
import {failureHeadline} from './failure.js';
import {fitLine, type Line, type Span, type Style, span} from './line.js';
import {cancelledText, DOT, decisionWord, factsOf, outcomeWord, reasonText, taintedText} from './phrases.js';
import {runningFields} from './running.js';
import type {RunView, StageView} from './state.js';
import {displayWidth, padEnd, padStart, printable} from './text.js';

/** Size in characters, and the time to show, in Unix milliseconds. */
export type Screen = Readonly<{columns: number; rows: number; nowMs: number}>;

/** The run as it stands: a heading, one line a stage (two while it runs), the totals. No line is wider than the screen. */
export function drawRun(view: RunView, screen: Screen): readonly Line[] {
  const grid = gridOf(view);
  const body = view.stages.map((stage) => ({stage, lines: drawStage(stage, {grid, screen})}));
  const lines = [heading(view), ...shortened(body, screen.rows - 3), totals(view, screen.nowMs)];
  return lines.map((line) => fitLine(line, screen.columns));
}

/** Widths of the columns, so that what belongs together stands below one another. */
type Grid = Readonly<{names: number; durations: number}>;
type Place = Readonly<{grid: Grid; screen: Screen}>;

const WORD_WIDTH = 'cancelled'.length;

function gridOf({stages}: RunView): Grid {
  const durations = stages.map((stage) => displayWidth(durationOf(stage)));
  return {
    names: Math.min(40, Math.max(...stages.map(({id}) => id.length))),
    durations: Math.max(0, ...durations),
  };
}

function heading({pipeline, run, configFile}: RunView): Line {
  return [
    span(printable(pipeline), 'bold'),
    span(`  ${printable(run)}`),
    span(`  ${printable(configFile)}`, 'dim'),
  ];
}

function drawStage(stage: StageView, place: Place): readonly Line[] {
  const {phase} = stage;
  if (phase.is === 'settled') return [drawSettled(stage, place)];
  if (phase.is === 'running' || stage.progress !== null) return drawRunning(stage, place);
  const soon =
    stage.decision === null ? '' : `${decisionWord(stage.decision)}  ${reasonText(stage.decision)}`;
  return [[...label(stage, {mark: '·', style: 'dim', grid: place.grid}), span(printable(soon), 'dim')]];
}

function label({id}: StageView, {mark, style, grid}: {mark: string; style: Style; grid: Grid}): Line {
  return [span(`${mark} `, style), span(`${padEnd(id, grid.names)}  `, style === 'dim' ? 'dim' : 'bold')];
}

const SPINNER = ['⠋', '⠙', '⠹', '⠸', '⠼', '⠴', '⠦', '⠧', '⠇', '⠏'];

function drawRunning(stage: StageView, {grid, screen}: Place): readonly Line[] {
  const frame = SPINNER[Math.floor(screen.nowMs / 100) % SPINNER.length]!;
  const front = label(stage, {mark: frame, style: 'live', grid});
  const room = screen.columns - grid.names - 4;
  const first: Line = [...front, ...runningFields(stage, {room, nowMs: screen.nowMs})];
  const because = stage.decision === null ? '' : reasonText(stage.decision);
  if (because === '') return [first];
  return [first, [span(`${' '.repeat(grid.names + 4)}↳ ${printable(because)}`, 'dim')]];
}

const OUTCOMES: Readonly<Record<string, {mark: string; style: Style}>> = {
  ran: {mark: '✔', style: 'good'},
  skipped: {mark: '✔', style: 'dim'},
  restored: {mark: '↺', style: 'restored'},
  tainted: {mark: '!', style: 'warn'},
  failed: {mark: '✘', style: 'bad'},
  cancelled: {mark: '–', style: 'warn'},
  'not selected': {mark: '·', style: 'dim'},
};

function drawSettled(stage: StageView, {grid, screen}: Place): Line {
  if (stage.phase.is !== 'settled') throw new Error('Internal error: not settled');
  const {outcome} = stage.phase;
  const word = outcomeWord(outcome);
  const {mark, style} = OUTCOMES[word]!;
  const line: Span[] = [...label(stage, {mark, style, grid}), span(`${padEnd(word, WORD_WIDTH)}  `, style)];
  const duration = durationOf(stage);
  if (duration !== '') line.push(span(`${padStart(duration, grid.durations)}  `));
  if (stage.warnings > 0) line.push(span(`${countOf(stage.warnings, 'warning')}  `, 'warn'));
  return [
    ...line,
    ...detailOf(stage, screen.columns - line.reduce((width, {text}) => width + displayWidth(text), 0)),
  ];
}

/** What a settled stage brought, or why there is nothing. The reason for running it comes last, if there is room. */
function detailOf({phase, decision}: StageView, room: number): Line {
  if (phase.is !== 'settled') return [];
  const {outcome} = phase;
  const because = decision === null ? '' : printable(reasonText(decision));
  if (outcome.status === 'failed') return [span(failureHeadline(outcome.failure), 'bad')];
  if (outcome.status === 'cancelled') return [span(cancelledText(outcome), 'dim')];
  if (outcome.tainted.length > 0) return [span(taintedText(outcome), 'warn')];
  if (outcome.how !== 'ran') return [span(because, 'dim')];
  const facts = printable(factsOf(outcome.summary).join(DOT));
  const fits = because !== '' && displayWidth(facts) + displayWidth(because) + 5 <= room;
  const gap = facts === '' ? '' : '   ';
  return [span(facts), ...(fits ? [span(`${gap}↳ ${because}`, 'dim')] : [])];
}

function durationOf({phase}: StageView): string {
  if (phase.is !== 'settled' || phase.outcome.status === 'cancelled') return '';
  const {outcome} = phase;
  return outcome.status === 'succeeded' && outcome.how !== 'ran' ? '' : formatDuration(phase.seconds);
}

/** When a run has more stages than the screen has rows, those that went well give way first, then those that wait. */
function shortened(
  body: readonly Readonly<{stage: StageView; lines: readonly Line[]}>[],
  rows: number,
): readonly Line[] {
  const wentWell = ({phase}: StageView) => phase.is === 'settled' && phase.outcome.status === 'succeeded';
  const height = (parts: typeof body) => parts.reduce((sum, {lines}) => sum + lines.length, 0);
  if (height(body) <= rows) return body.flatMap(({lines}) => lines);
  const notWell = body.filter(({stage}) => !wentWell(stage));
  const well: Line = [span(`✔ ${countOf(body.length - notWell.length, 'stage')} done`, 'dim')];
  if (height(notWell) + 1 <= rows) return [well, ...notWell.flatMap(({lines}) => lines)];
  const busy = notWell.filter(({stage}) => stage.phase.is !== 'waiting' || stage.progress !== null);
  const waiting: Line = [span(`· ${countOf(notWell.length - busy.length, 'stage')} waiting`, 'dim')];
  return [well, ...busy.flatMap(({lines}) => lines).slice(0, Math.max(1, rows - 2)), waiting];
}

function totals({stages, startedAtMs, finished}: RunView, nowMs: number): Line {
  const settled = stages.flatMap(({phase}) => (phase.is === 'settled' ? [outcomeWord(phase.outcome)] : []));
  if (finished === null) {
    const running = stages.filter(({phase}) => phase.is === 'running').length;
    const clock = formatClock((nowMs - startedAtMs) / 1000);
    return [span(`${settled.length}/${stages.length} done${DOT}${running} running${DOT}${clock}`, 'dim')];
  }
  const counts = Object.keys(OUTCOMES).flatMap((word) => {
    const count = settled.filter((one) => one === word).length;
    return count === 0 ? [] : [`${count} ${word}`];
  });
  const {status, seconds} = finished;
  const style = status === 'succeeded' ? 'good' : status === 'failed' ? 'bad' : 'warn';
  return [span(`${status} in ${formatDuration(seconds)}`, style), span(DOT + counts.join(DOT), 'dim')];
}
