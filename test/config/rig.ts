import {mkdirSync, mkdtempSync, readFileSync, realpathSync, rmSync, writeFileSync} from 'node:fs';
import {tmpdir} from 'node:os';
import {dirname, join, resolve} from 'node:path';
import type {PipelineConfig} from '../../pipeline/config/config.js';
import {loadConfig} from '../../pipeline/config/load.js';
import {missingFiles} from '../../pipeline/config/missing.js';
import {edgeFaults} from '../../pipeline/graph/build.js';
import type {Diagnostic} from '../../pipeline/model/diagnostic.js';
import type {Result} from '../../pipeline/model/result.js';
import {printDiagnostics} from '../../pipeline/show/diagnostic.js';
import {KINDS} from './kinds.js';

export type Folder = Readonly<{path: string; files: Readonly<Record<string, string | Uint8Array>>}>;
export type Request = Readonly<{
  /** By name; `p.yaml` is the configuration unless `file` says otherwise. */
  files: Readonly<Record<string, string | Uint8Array>>;
  file?: string;
  overlays?: readonly string[];
  sets?: readonly string[];
  environment?: Readonly<Record<string, string>>;
  /** Instead of the usual kinds of stages. */
  kinds?: typeof KINDS;
}>;

/** Loads real files from a folder of their own; `body` sees the result while they are there. */
export function withLoaded<T>(
  request: Request,
  body: (loaded: Result<PipelineConfig, readonly Diagnostic[]>, folder: string) => T,
): T {
  const folder = realpathSync(mkdtempSync(join(tmpdir(), 'pipeline-config-')));
  try {
    for (const [name, content] of Object.entries(request.files)) {
      mkdirSync(dirname(join(folder, name)), {recursive: true});
      writeFileSync(join(folder, name), content);
    }
    const loaded = loadConfig({
      file: request.file ?? 'p.yaml',
      overlays: request.overlays ?? [],
      sets: request.sets ?? [],
      kinds: request.kinds ?? KINDS,
      environment: request.environment ?? {},
      folder,
      edgeFaults,
    });
    return body(loaded, folder);
  } finally {
    rmSync(folder, {recursive: true, force: true});
  }
}

/** What a user reads about a configuration that cannot be used; the folder is called FOLDER. */
export function complaintsAbout(request: Request): string {
  return withLoaded(request, (loaded, folder) =>
    loaded.ok ? 'no complaints\n' : printed(loaded.error, folder),
  );
}

/** What a user reads about data that are not there for a configuration that is fine. */
export function missingFor(request: Request): string {
  return withLoaded(request, (loaded, folder) => {
    if (!loaded.ok) throw new Error(printed(loaded.error, folder));
    return printed(missingFiles(loaded.value), folder);
  });
}

export function loadedConfig(request: Request): PipelineConfig {
  return withLoaded(request, (loaded, folder) => {
    if (!loaded.ok) throw new Error(printed(loaded.error, folder));
    return loaded.value;
  });
}

export function printed(diagnostics: readonly Diagnostic[], folder: string): string {
  return printDiagnostics(diagnostics, {color: false, readText: textIn(folder)}).replaceAll(folder, 'FOLDER');
}

function textIn(folder: string): (file: string) => string | null {
  return (file) => {
    try {
      return readFileSync(resolve(folder, file), 'utf8');
    } catch {
      return null;
    }
  };
}

/** A configuration without a fault, to make one mistake in. */
export const GOOD = `pipeline: demo
stages:
  data:
    uses: synthesize
    params:
      images: 20
  split:
    uses: split
  preprocess:
    uses: preprocess
  train:
    uses: train
    params:
      epochs: 3
`;

/** The good configuration with one text replaced. */
export function changed(from: string, to: string): Request {
  if (!GOOD.includes(from)) throw new Error(`no ${from} in it`);
  return {files: {'p.yaml': GOOD.replace(from, to)}};
}

/** The good configuration with more text at its end: further parameters of `train`. */
export function added(text: string): Request {
  return {files: {'p.yaml': GOOD + text}};
}

export function only(text: string): Request {
  return {files: {'p.yaml': text}};
}
