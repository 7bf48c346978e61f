import {type Diagnostic, fault as diagnosticOf} from '../../model/diagnostic.js';
import {type Failure, stoppedFailure} from '../../model/failure.js';
import {err, ok, type Result} from '../../model/result.js';
import type {StageContext, StageResult} from '../../model/stage-kind.js';
import {listWords} from '../../model/words.js';
import {type Counter, openCounter} from './counter.js';
import {deliver} from './deliver.js';
import type {Refusal} from './fault.js';
import {fetchFile} from './fetch-file.js';
import type {Hosts} from './follow.js';
import {type HttpClient, openHttp} from './http.js';
import {inParallel} from './parallel.js';
import type {DownloadParams} from './params.js';
import type {WantedFile} from './places.js';
import {lackOfRoom} from './sizes.js';
import {expectedOf, hereOf, type Stocked, takeStock} from './stock.js';

/** @returns How many archives there are, their size, and how much of it was fetched now. */
export async function runDownload(context: StageContext): Promise<StageResult> {
  const params = context.params as DownloadParams;
  const http = openHttp({stallMs: params.stall_seconds * 1000});
  if (!http.ok) return http;
  // What the disk refuses to one file ends the others too.
  const halt = new AbortController();
  const signal = AbortSignal.any([context.signal, halt.signal]);
  try {
    return await download({context: {...context, signal}, params, http: http.value, halt});
  } catch (error) {
    if (context.signal.aborted) return err(stoppedFailure(context.stage));
    throw error;
  } finally {
    await http.value.close();
  }
}

type Work = Readonly<{
  context: StageContext;
  params: DownloadParams;
  http: HttpClient;
  halt: AbortController;
}>;

async function download(work: Work): Promise<StageResult> {
  const {context, params, http, halt} = work;
  const {stage, signal, out, resume} = context;
  const width = params.connections;
  const stock = await takeStock(filesOf(params), {context, http, hosts: hostsOf(params), width, halt});
  if (signal.aborted) return err(stoppedFailure(stage));
  const lack = await lackOfRoom(resume, bytesToCome(stock));
  if (lack !== null) return err(lack);
  const counter = openCounter(context.report, stock);
  const results = await inParallel(stock, {width, halt}, async (item) =>
    item.is === 'whole' ? ok(null) : await fetchOne(item, {work, counter, of: stock.length}),
  );
  counter.finish();
  if (signal.aborted) return err(stoppedFailure(stage));
  const failure = failureOf(stock.map(({file}, index) => ({name: file.name, result: results[index]!})));
  if (failure !== null) return err(failure);
  const files = stock.map(({file}) => ({...file, bytes: counter.bytesOf(file.name)}));
  const onTrouble = (text: string): void => context.report({type: 'stage-note', level: 'warning', text});
  await deliver(files, {shelf: resume, out, onTrouble});
  const bytes = files.reduce((sum, file) => sum + file.bytes, 0);
  return ok({archives: files.length, bytes, fetched_bytes: counter.fetched()});
}

function filesOf({files, urls, sizes}: DownloadParams): readonly WantedFile[] {
  return Object.entries(files).map(([name, {sha256}]) => {
    return {name, url: new URL(urls[name]!), sha256, bytes: sizes[name] ?? null};
  });
}

function hostsOf({urls, redirect_hosts: redirects}: DownloadParams): Hosts {
  return {named: new Set(Object.values(urls).map((url) => new URL(url).hostname)), redirects};
}

function bytesToCome(stock: readonly Stocked[]): number {
  return stock.reduce((sum, item) => sum + Math.max(0, (expectedOf(item) ?? 0) - hereOf(item)), 0);
}

async function fetchOne(
  {file, shelf, expected}: Extract<Stocked, {is: 'wanted'}>,
  {work, counter, of}: Readonly<{work: Work; counter: Counter; of: number}>,
): Promise<Result<null, Refusal>> {
  const {context, params, http} = work;
  const warn = (text: string): void =>
    context.report({type: 'stage-note', level: 'warning', text: `${file.name}: ${text}`});
  const fetched = await fetchFile(
    {...file, expected},
    {
      ...{http, shelf, hosts: hostsOf(params), signal: context.signal, retries: params.retries},
      firstWaitMs: params.retry_seconds * 1000,
      onTrouble: warn,
      onBytes: (bytes) => counter.set(file.name, bytes),
    },
  );
  // The others go on, perhaps for hours.
  if (!fetched.ok && fetched.error.is !== 'stopped' && of > 1) warn(fetched.error.message);
  return fetched;
}

/** Faults that a failure lists in full; the others are in the notes. */
const SHOWN = 3;

/** The configuration's faults as diagnostics; where the world was at fault anywhere, that. */
function failureOf(ends: readonly Readonly<{name: string; result: Result<null, Refusal>}>[]): Failure | null {
  const failed = ends.flatMap(({name, result}) =>
    result.ok || result.error.is === 'stopped' ? [] : [{name, ...result.error}],
  );
  if (failed.length === 0) return null;
  const first = failed.find(({code}) => code !== null);
  if (first !== undefined) {
    const others = failed.filter((fault) => fault !== first).map(({name}) => name);
    const more = others.length === 0 ? '' : `; nor came ${listWords(others)}`;
    const message = `${first.name}: ${first.message}${more}`;
    return {reason: 'system', code: String(first.code), path: null, message, hint: first.hint};
  }
  const diagnostics: Diagnostic[] = failed
    .slice(0, SHOWN)
    .map(({name, message, hint}) => diagnosticOf(`${name}: ${message}`, null, hint));
  const rest = failed.slice(SHOWN).map(({name}) => name);
  if (rest.length > 0)
    diagnostics.push(diagnosticOf(`nor came ${listWords(rest)}`, null, 'see the warnings'));
  return {reason: 'invalid-input', diagnostics};
}
