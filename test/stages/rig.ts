import assert from 'node:assert/strict';
import {existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync} from 'node:fs';
import {tmpdir} from 'node:os';
import {dirname, join, resolve} from 'node:path';
import type {Diagnostic} from '../../pipeline/model/diagnostic.js';
import type {JsonObject} from '../../pipeline/model/json.js';
import type {Digest, StageId} from '../../pipeline/model/stage.js';
import type {
  ArtifactRef,
  ArtifactType,
  StageContext,
  StageKind,
  StageNews,
  StageResult,
} from '../../pipeline/model/stage-kind.js';
import type {ImageSource} from '../../pipeline/stages/dataset.js';
import {ROOT} from '../rig.js';

/** A folder of its own in which stages run as they do in a pipeline; removed afterwards. */
export type Bench = Readonly<{
  folder: string;
  write(name: string, content: string | Uint8Array): string;
  run(kind: StageKind, params: JsonObject, options?: RunOptions): Promise<Finished>;
}>;

export type RunOptions = Readonly<{
  needs?: readonly ArtifactRef[];
  /** Kept from an earlier attempt; a fresh folder unless given. */
  resume?: string;
  signal?: AbortSignal;
  concurrency?: number;
  onNews?(news: StageNews): void;
  digests?: StageContext['digests'];
  earlier?: readonly ArtifactRef[];
  leftovers?: readonly string[];
  python?: StageContext['python'];
}>;

export type Finished = Readonly<{
  result: StageResult;
  /** Its folder exists also when the stage failed. */
  artifact: ArtifactRef;
  resume: string;
  news: readonly StageNews[];
  read(name: string): string;
  json(name: string): JsonObject;
}>;

export async function withBench(body: (bench: Bench) => Promise<void>): Promise<void> {
  const folder = mkdtempSync(join(tmpdir(), 'stage-test-'));
  try {
    await body(benchIn(folder));
  } finally {
    rmSync(folder, {recursive: true, force: true, maxRetries: 3});
  }
}

function benchIn(folder: string): Bench {
  return {
    folder,
    write: (name, content) => {
      const path = join(folder, name);
      mkdirSync(dirname(path), {recursive: true});
      writeFileSync(path, content);
      return path;
    },
    run: async (kind, params, options = {}) => {
      const out = mkdtempSync(join(folder, `${kind.uses}-`));
      const resume = options.resume ?? mkdtempSync(join(folder, 'resume-'));
      const parsed = kind.params.parse(params);
      const news: StageNews[] = [];
      const context = contextOf({parsed, out, resume, news, options});
      assert.equal(kind.work.kind, 'in-process');
      if (kind.work.kind !== 'in-process') throw new Error('Internal error');
      const result = await kind.work.run(context);
      return {
        result,
        artifact: artifactRef(kind, out, parsed),
        resume,
        news,
        read: (name) => readFileSync(join(out, name), 'utf8'),
        json: (name) => JSON.parse(readFileSync(join(out, name), 'utf8')) as JsonObject,
      };
    },
  };
}

export function artifactRef(kind: StageKind, path: string, params: JsonObject): ArtifactRef {
  const digest = '0'.repeat(64) as Digest;
  const {uses, output: type} = kind;
  return {stage: uses as StageId, uses, type, path, output: digest, fingerprint: digest, params};
}

function contextOf(
  parts: Readonly<{parsed: JsonObject; out: string; resume: string; news: StageNews[]; options: RunOptions}>,
): StageContext {
  const {parsed: params, out, resume, options} = parts;
  const needs = options.needs ?? [];
  const optionalNeed = (type: ArtifactType): ArtifactRef | null =>
    needs.find((need) => need.type === type) ?? null;
  return {
    stage: 'tested' as StageId,
    params,
    needs,
    optionalNeed,
    need: (type) => {
      const found = optionalNeed(type);
      if (found === null) throw new Error(`Internal error: nothing gives ${type}`);
      return found;
    },
    out,
    resume,
    report: (news) => {
      parts.news.push(news);
      options.onNews?.(news);
    },
    signal: options.signal ?? new AbortController().signal,
    concurrency: options.concurrency ?? 2,
    runFolder: out,
    digests: options.digests ?? (() => new Map()),
    earlier: async () => options.earlier ?? [],
    leftovers: async () => options.leftovers ?? [],
    python: options.python ?? (() => assert.fail('Python is not asked for here')),
  };
}

/** The facts of a stage that must have succeeded. */
export function factsOf({result}: Finished): JsonObject {
  if (!result.ok) throw new Error(JSON.stringify(result.error, null, 2));
  return result.value;
}

/** The diagnostics of a stage that must have found its input wrong. */
export function faultsOf({result}: Finished): readonly Diagnostic[] {
  if (result.ok || result.error.reason !== 'invalid-input') {
    throw new Error(`expected invalid input, not ${JSON.stringify(result)}`);
  }
  return result.error.diagnostics;
}

/** Diagnostics as text, one a line: `2:5+3 message | hint (first here 1:1+3)`; `-` where no text is at fault. */
export function spelledOut(diagnostics: readonly Diagnostic[], folder = ''): readonly string[] {
  const place = (location: Diagnostic['location']): string =>
    location === null ? '-' : `${location.line}:${location.column}+${location.length}`;
  return diagnostics.map((diagnostic) => {
    const related = (diagnostic.related ?? []).map(
      ({message, location}) => ` (${message} ${place(location)})`,
    );
    const hint = diagnostic.hint === undefined ? '' : ` | ${diagnostic.hint}`;
    const text = `${place(diagnostic.location)} ${diagnostic.message}${hint}${related.join('')}`;
    return folder === '' ? text : text.replaceAll(`${folder}/`, '');
  });
}

/** The file of an image that lies in none of the archives. */
export function fileOf(source: ImageSource): string {
  if (source.kind !== 'file') throw new Error(`expected a file, not a member of ${source.archive}`);
  return source.path;
}

/** The real radiographs, and the publisher's files beside them. */
export const NIH = resolve(ROOT, process.env['NIH_SAMPLE_DIR'] ?? '../shared/data/nih-sample');
export const NIH_METADATA = join(NIH, '../nih/Data_Entry_2017_v2020.csv.gz');
export const NIH_LISTS = join(NIH, '../nih/lists');

/** Skips a test that needs files of the real data set, and says which are missing. */
export function needsRealData(test: Mocha.Context, ...paths: readonly string[]): void {
  const missing = paths.filter((path) => !existsSync(path));
  if (missing.length === 0) return;
  console.log(`      skipped: no ${missing.join(', ')} (set NIH_SAMPLE_DIR)`);
  test.skip();
}
