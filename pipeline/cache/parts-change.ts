import type {FingerprintParts, Reason} from '../model/decision.js';
import {canonicalJson, isJsonObject, type Json} from '../model/json.js';
import type {Digest, Origin, Stage} from '../model/stage.js';
import {formatValue} from '../model/words.js';
import {needKey} from './fingerprint.js';
import {describeFolderChange, type FolderChange} from './folder-change.js';

export type PartsChange = Readonly<{
  stage: Stage;
  before: FingerprintParts;
  after: FingerprintParts;
  /** Which files of a declared folder differ, where that is still known. */
  folderChange(param: string, before: Digest): FolderChange | null;
}>;

/** Every part that differs, each with its reason, in the order in which a reader would look for them. */
export function changeReasons(change: PartsChange): readonly Reason[] {
  const {stage, before, after} = change;
  if (before.uses !== after.uses) {
    // Nothing else can be compared between two kinds of stage.
    const {file, line} = stage.declaredAt;
    const text = `uses ${before.uses} → ${after.uses} (${file}:${line})`;
    return [
      {code: 'version-changed', text, subject: 'uses', file, line, before: before.uses, after: after.uses},
    ];
  }
  return [
    ...versionReasons(change),
    ...differences(before.params, after.params, '').map((found) => parameterReason(stage, found)),
    ...fileReasons(change),
    ...needReasons(change),
    ...environmentReasons(change),
  ];
}

type Difference = Readonly<{path: string; before?: Json; after?: Json}>;

/** Maps are compared key by key; a list, or a map that took the place of something else, is one value. */
function differences(before: Json, after: Json, path: string): readonly Difference[] {
  if (!isJsonObject(before) || !isJsonObject(after)) {
    return canonicalJson(before) === canonicalJson(after) ? [] : [{path, before, after}];
  }
  return keysOf(before, after).flatMap((key): readonly Difference[] => {
    const below = path === '' ? key : `${path}.${key}`;
    const [old, now] = [before[key], after[key]];
    if (old === undefined) return [{path: below, after: now!}];
    if (now === undefined) return [{path: below, before: old}];
    return differences(old, now, below);
  });
}

/** Those of the present first, as the configuration has them, then those that are gone. */
function keysOf(before: object, after: object): readonly string[] {
  return [...new Set([...Object.keys(after), ...Object.keys(before)])];
}

function parameterReason(stage: Stage, {path, before, after}: Difference): Reason {
  const origin = originOf(stage, path);
  const place = origin?.kind === 'file' || origin?.kind === 'environment' ? origin.location : null;
  return {
    code: 'parameter-changed',
    text: `${path} ${describeChange(before, after)}${describeOrigin(origin)}`,
    subject: path,
    ...(place === null ? {} : {file: place.file, line: place.line}),
    ...(before === undefined ? {} : {before}),
    ...(after === undefined ? {} : {after}),
  };
}

/** Of the value itself, or of the nearest one around it. */
function originOf(stage: Stage, path: string): Origin | null {
  const segments = path.split('.');
  for (let length = segments.length; length > 0; length--) {
    const origin = stage.origins.get(segments.slice(0, length).join('.'));
    if (origin !== undefined) return origin;
  }
  return null;
}

function describeChange(before: Json | undefined, after: Json | undefined): string {
  if (before === undefined) return `${shortText(formatValue(after!), 0)} is new`;
  if (after === undefined) return `${shortText(formatValue(before), 0)} is gone`;
  return describeValues(formatValue(before), formatValue(after));
}

/** Two long commands mostly begin alike: shown from a little before where they part. */
function describeValues(before: string, after: string): string {
  let alike = 0;
  while (alike < before.length && before[alike] === after[alike]) alike++;
  const from = Math.max(0, alike - 20);
  return `${shortText(before, from)} → ${shortText(after, from)}`;
}

/** At most 60 characters on the line; the reason's `before` and `after` hold the values whole. */
function shortText(text: string, from: number): string {
  if (text.length <= 60) return text;
  const part = text.slice(from, from + 58);
  return `${from > 0 ? '…' : ''}${part}${from + 58 < text.length ? '…' : ''}`;
}

function describeOrigin(origin: Origin | null): string {
  switch (origin?.kind) {
    case 'file':
      return ` (${origin.location.file}:${origin.location.line})`;
    case 'environment':
      return ` ($${origin.variable}, ${origin.location.file}:${origin.location.line})`;
    case 'override':
      return ` (${origin.argument})`;
    case 'default':
      return ' (the default)';
    case undefined:
      return '';
  }
}

function versionReasons({before, after}: PartsChange): readonly Reason[] {
  if (before.version === after.version) return [];
  const change = `${after.uses} v${before.version} → v${after.version}`;
  const text = `${change} (this version of the pipeline computes it differently)`;
  return [{code: 'version-changed', text, subject: after.uses, before: before.version, after: after.version}];
}

function fileReasons({stage, before, after, folderChange}: PartsChange): readonly Reason[] {
  return keysOf(before.files, after.files).flatMap((param): readonly Reason[] => {
    const [old, now] = [before.files[param], after.files[param]];
    if (old === now) return [];
    const subject = fileName(stage, param);
    if (old === undefined) return [{code: 'file-changed', text: `file ${subject} is new`, subject}];
    if (now === undefined)
      return [{code: 'file-changed', text: `file ${subject} is no longer used`, subject}];
    const change = folderChange(param, old);
    const text = change === null ? `file ${subject} changed` : `${subject}: ${describeFolderChange(change)}`;
    return [{code: 'file-changed', text, subject, before: old, after: now}];
  });
}

/** A file of a list is known by the path as written, not by the list's name, unless its place counts. */
function fileName({kind}: Stage, param: string): string {
  const list = kind.paths.find((path) => path.ordered !== true && param.startsWith(`${path.param}.`));
  return list === undefined ? param : param.slice(list.param.length + 1);
}

function needReasons({stage, before, after}: PartsChange): readonly Reason[] {
  return keysOf(before.needs, after.needs).flatMap((key): readonly Reason[] => {
    const [old, now] = [before.needs[key], after.needs[key]];
    if (old === now) return [];
    const producer = stage.needs.find((need) => needKey(stage, need) === key)?.stage;
    const name = producer ?? key;
    const of = producer === undefined ? {subject: key} : {subject: key, stage: producer};
    if (old === undefined) return [{code: 'need-changed', text: `needs ${name} now`, ...of}];
    if (now === undefined) return [{code: 'need-changed', text: `needs ${name} no longer`, ...of}];
    return [{code: 'need-changed', text: `${name} gave another output`, ...of, before: old, after: now}];
  });
}

function environmentReasons({before, after}: PartsChange): readonly Reason[] {
  return keysOf(before.environment, after.environment).flatMap((subject): readonly Reason[] => {
    const [old, now] = [before.environment[subject] ?? null, after.environment[subject] ?? null];
    const declared = subject in before.environment && subject in after.environment;
    if (old === now && declared) return [];
    const value = (text: string | null): string => (text === null ? 'unset' : formatValue(text));
    const change = declared
      ? describeValues(value(old), value(now))
      : subject in after.environment
        ? 'is declared now'
        : 'is no longer declared';
    const text = `environment variable ${subject} ${change}`;
    return [{code: 'environment-changed', text, subject, before: old, after: now}];
  });
}
