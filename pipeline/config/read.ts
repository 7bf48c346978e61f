import {readdirSync, readFileSync, statSync} from 'node:fs';
import {basename, dirname, isAbsolute, join, relative, resolve} from 'node:path';
import {type Diagnostic, fault} from '../model/diagnostic.js';
import {err, ok, type Result} from '../model/result.js';
import {nearest} from '../model/spelling.js';
import {listWords} from '../model/words.js';
import {type LocatedMap, locationOf} from './located.js';
import {parseYaml} from './source.js';

/** @param request.file - As given, relative to `folder` (absolute). `role` names it in messages. */
export function readConfigFile(request: {
  file: string;
  folder: string;
  role: 'configuration' | 'overlay';
}): Result<LocatedMap, readonly Diagnostic[]> {
  const path = resolve(request.folder, request.file);
  const text = readText(path, request);
  if (!text.ok) return err([text.error]);
  const file = nameFrom(request.folder, path);
  const root = parseYaml({file, folder: dirname(path), text: text.value});
  if (!root.ok) return root;
  if (root.value === null) {
    const blank = text.value.trim() === '' ? 'is empty' : 'holds nothing but comments';
    const hint =
      request.role === 'overlay'
        ? 'an overlay holds the keys to change, from the top: stages, the stage, params'
        : 'a configuration has the keys pipeline and stages; see configs/demo.yaml';
    return err([fault(`the ${request.role} ${blank}`, {file, line: 1, column: 1, length: 1}, hint)]);
  }
  if (root.value.kind === 'map') return ok(root.value);
  const found = root.value.kind === 'list' ? 'a list' : 'one value';
  return err([fault(`the ${request.role} must be a map of keys, found ${found}`, locationOf(root.value))]);
}

/** As diagnostics name a file: relative to the folder where it lies inside it, else absolute. Both absolute. */
export function nameFrom(folder: string, path: string): string {
  const name = relative(folder, path);
  return name === '' || name === '..' || name.startsWith('../') || isAbsolute(name) ? path : name;
}

function readText(path: string, {file, role}: {file: string; role: string}): Result<string, Diagnostic> {
  try {
    const bytes = readFileSync(path);
    // Strips a byte order mark, so that the first column stays the first column.
    return ok(new TextDecoder('utf-8', {fatal: true}).decode(bytes));
  } catch (error) {
    const {code, message} = error as NodeJS.ErrnoException;
    if (code === 'ENOENT' || code === 'ENOTDIR') return err(missing(path, {file, role}));
    if (code === 'EISDIR')
      return err(fault(`the ${role} ${file} is a folder, not a file`, null, offer(path)));
    if (code === 'EACCES' || code === 'EPERM') {
      return err(
        fault(`the ${role} ${file} must not be read`, null, `give yourself permission: chmod u+r ${file}`),
      );
    }
    if (code === 'ERR_ENCODING_INVALID_ENCODED_DATA') {
      return err(fault(`the ${role} ${file} is not UTF-8 text`, null, 'save it as UTF-8'));
    }
    return err(fault(`the ${role} ${file} cannot be read: ${message}`, null));
  }
}

function missing(path: string, {file, role}: {file: string; role: string}): Diagnostic {
  const message = `the ${role} ${file} does not exist`;
  const folder = dirname(path);
  if (!isFolder(folder)) return fault(message, null, `there is no folder ${dirname(file)}`);
  const likely = nearest(basename(path), yamlFilesIn(folder));
  return fault(
    message,
    null,
    likely === null ? offer(folder) : `did you mean ${join(dirname(file), likely)}?`,
  );
}

function offer(folder: string): string | undefined {
  const files = yamlFilesIn(folder);
  return files.length === 0 || files.length > 12 ? undefined : `that folder holds ${listWords(files)}`;
}

function yamlFilesIn(folder: string): readonly string[] {
  return readdirSync(folder)
    .filter((name) => /\.ya?ml$/.test(name))
    .sort();
}

function isFolder(path: string): boolean {
  return statSync(path, {throwIfNoEntry: false})?.isDirectory() === true;
}
