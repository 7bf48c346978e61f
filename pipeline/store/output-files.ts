import {readdirSync} from 'node:fs';
import {join} from 'node:path';
import type {Diagnostic} from '../model/diagnostic.js';
import {fault} from '../model/diagnostic.js';
import {err, ok, type Result} from '../model/result.js';
import {ARTIFACT_RECORD} from './layout.js';

/** What a stage left in its folder: files and folders, relative with `/`, each list in order of path. */
export type OutputTree = Readonly<{files: readonly string[]; folders: readonly string[]}>;

/**
 * An artifact is files and folders and nothing else: a link may lead out of it and then change what is in it.
 * @throws System errors.
 */
export function listOutputs(root: string): Result<OutputTree, readonly Diagnostic[]> {
  const [files, folders, faults]: [string[], string[], Diagnostic[]] = [[], [''], []];
  // The list of folders grows while it is walked.
  for (const folder of folders) {
    for (const entry of readdirSync(join(root, folder), {withFileTypes: true})) {
      const path = folder === '' ? entry.name : `${folder}/${entry.name}`;
      if (entry.isDirectory()) folders.push(path);
      else if (!entry.isFile()) faults.push(fault(`output ${path} is no plain file`, null, LINK_HINT));
      else if (path === ARTIFACT_RECORD)
        faults.push(fault(`output ${path} has a reserved name`, null, NAME_HINT));
      else files.push(path);
    }
  }
  return faults.length > 0 ? err(faults) : ok({files: files.sort(), folders: folders.sort()});
}

const LINK_HINT = 'copy the file that a link leads to, and remove sockets and pipes, before the stage ends';
const NAME_HINT = 'the pipeline writes its own record of the artifact there: choose another name';
