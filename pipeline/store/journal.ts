import {mkdirSync, symlinkSync} from 'node:fs';
import {dirname, join, relative} from 'node:path';
import type {Event, News} from '../model/event.js';
import type {Failure} from '../model/failure.js';
import {advance, foldEvents, type RunRecord} from '../model/record.js';
import {err, ok, type Result} from '../model/result.js';
import type {Digest, RunName, StageId} from '../model/stage.js';
import {type Layout, RUN_FILES} from './layout.js';
import {createLineFile} from './line-file.js';
import {isSystemError, onDisk} from './on-disk.js';
import {writeWhole} from './write-file.js';

/** The one writer of a run's folder. */
export type RunJournal = Readonly<{
  name: RunName;
  /** Absolute. */
  folder: string;
  /** Numbers and stamps the news and writes it down. Never fails: what the disk refuses goes out when it can. */
  append(news: News): Event;
  /** The fold over what was appended; null before `run-started`. */
  record(): RunRecord | null;
  /** Writes a file into the run's folder, durably. */
  writeFile(name: string, text: string): Result<null, Failure>;
  /** Writes what is waiting, or tells why not. A run is complete once `run-finished` was appended and this is ok. */
  close(): Result<null, Failure>;
}>;

/** How much later than events.ndjson a fold may be: a run that skips 100 stages in 50 ms writes run.json twice. */
const REFRESH_MS = 50;

/** @throws System errors from making the journal's first file. */
export function openJournal(tools: {layout: Layout; name: RunName; now(): Date}): RunJournal {
  const {layout, name, now} = tools;
  const folder = layout.run(name);
  const lines = createLineFile(join(folder, RUN_FILES.events));
  let sequence = 0;
  let record: RunRecord | null = null;
  let refreshFailure: Failure | null = null;
  let timer: NodeJS.Timeout | null = null;

  function refresh(): void {
    if (timer !== null) clearTimeout(timer);
    timer = null;
    const path = join(folder, RUN_FILES.record);
    const text = `${JSON.stringify(record, null, 2)}\n`;
    const written = onDisk(path, () => writeWhole(path, text, {durable: false}));
    refreshFailure = written.ok ? null : written.error;
  }

  function append(news: News): Event {
    const event: Event = {seq: ++sequence, at: now().toISOString(), ...news};
    lines.write(JSON.stringify(event));
    const next = record === null ? foldEvents([event]) : advance(record, event);
    const hasChanged = next !== record;
    const isAtOnce = record === null || news.type === 'run-finished';
    record = next;
    if (hasChanged && isAtOnce) refresh();
    else if (hasChanged && timer === null) timer = setTimeout(refresh, REFRESH_MS).unref();
    if (news.type === 'stage-finished') settle(news);
    return event;
  }

  function settle(news: Extract<News, {type: 'stage-finished'}>): void {
    const {stage, outcome} = news;
    // Hours of work are worth a millisecond; a stage that was only looked up is not.
    if (outcome.status === 'failed' || (outcome.status === 'succeeded' && outcome.how === 'ran'))
      lines.sync();
    if (outcome.status === 'succeeded') linkArtifact({layout, name, stage, fingerprint: outcome.fingerprint});
  }

  function writeFile(file: string, text: string): Result<null, Failure> {
    const path = join(folder, file);
    return onDisk(path, () => {
      writeWhole(path, text, {durable: true});
      return null;
    });
  }

  function close(): Result<null, Failure> {
    lines.close();
    if (timer !== null || refreshFailure !== null) refresh();
    const failure = lines.failure() ?? refreshFailure;
    return failure === null ? ok(null) : err(failure);
  }

  return {name, folder, append, record: () => record, writeFile, close};
}

/**
 * A way in for people; programs follow the fingerprint in run.json, so that a file system without links will do.
 * Relative, so that a copied or moved state directory keeps its links.
 */
function linkArtifact(request: {layout: Layout; name: RunName; stage: StageId; fingerprint: Digest}): void {
  const {layout, name, stage, fingerprint} = request;
  const link = layout.runArtifact(name, stage);
  const target = relative(dirname(link), layout.artifact(fingerprint));
  try {
    mkdirSync(dirname(link), {recursive: true});
    symlinkSync(target, link);
  } catch (error) {
    if (!isSystemError(error)) throw error;
  }
}
