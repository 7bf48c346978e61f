import {formatClock} from '../model/words.js';
import {stageText} from '../show/activity.js';
import type {RunRow} from '../store/runs.js';
import type {Store} from '../store/store.js';
import type {Shell} from './shell.js';
import {activityOf} from './under-way.js';

/** What is told while a run comes to its end. */
export type WaitingLine = Readonly<{begin(text: string): void; look(): void; close(): void}>;

/** On a terminal one line that counts and tells how far the stages are; else only that it waits. */
export function waitingLine({
  shell,
  store,
  row,
}: Readonly<{shell: Shell; store: Store; row: RunRow}>): WaitingLine {
  const {stream, live} = shell.terminal;
  const isShown = live && shell.verbosity >= 0;
  let text = '';
  let beganMs = 0;
  let drawnMs = 0;
  const clear = (): void => {
    if (isShown && drawnMs > 0) stream.write('\r\x1b[K');
    drawnMs = 0;
  };
  return {
    begin: (said) => {
      clear();
      [text, beganMs] = [said, shell.now().getTime()];
      if (!isShown && shell.verbosity >= 0) shell.say(`${text}; waiting\n`);
    },
    look: () => {
      const nowMs = shell.now().getTime();
      if (!isShown || nowMs - drawnMs < 1000) return;
      const activity = activityOf(store, row);
      const stages = activity.ok ? (activity.value?.stages ?? []) : [];
      const far = stages.map((stage) => ` · ${stage.view.id} ${stageText(stage, nowMs)}`).join('');
      const line = `${text}  ${formatClock((nowMs - beganMs) / 1000)}${far}`;
      stream.write(`\r\x1b[K${line.slice(0, (stream.columns ?? 80) - 1)}`);
      drawnMs = nowMs;
    },
    close: clear,
  };
}
