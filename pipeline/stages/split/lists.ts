import {type Diagnostic, fault, type Location} from '../../model/diagnostic.js';
import {FINDINGS, type Finding} from '../../model/findings.js';
import {err, ok, type Result} from '../../model/result.js';
import {readText} from '../csv.js';
import {createFaultList, type FaultList} from '../fault-list.js';

/** One line of a list. `findings` is null when the list has names only. */
export type ListedImage<Part extends string> = Readonly<{
  image: string;
  part: Part;
  findings: readonly Finding[] | null;
}>;

type Seen = Map<string, {file: string; location: Location}>;

/**
 * Reads lists as CheXNet's: a line per image, its name, then fourteen 0 or 1 in the order of FINDINGS, or the name
 * alone. Names may have a folder before them. The last line counts with and without its newline.
 * @param files - Absolute paths by part, also gzipped.
 * @returns Every fault at its place, at most twenty a file; an image in two lists is one.
 */
export function readLists<Part extends string>(
  files: Readonly<Record<Part, string>>,
): Result<readonly ListedImage<Part>[], readonly Diagnostic[]> {
  const seen: Seen = new Map();
  const listed: ListedImage<Part>[] = [];
  const faults: Diagnostic[] = [];
  for (const [part, file] of Object.entries(files) as [Part, string][]) {
    const text = readText(file);
    if (!text.ok) {
      faults.push(text.error);
      continue;
    }
    const found = createFaultList(file);
    for (const image of readList({file, part, text: text.value, seen, faults: found})) listed.push(image);
    faults.push(...found.all());
  }
  return faults.length === 0 ? ok(listed) : err(faults);
}

/** Names may be paths, of the machine where the list was made: what counts is the file's name. */
export function nameInList(path: string): string {
  return path.slice(Math.max(path.lastIndexOf('/'), path.lastIndexOf('\\')) + 1);
}

type List<Part> = Readonly<{file: string; part: Part; text: string; seen: Seen; faults: FaultList}>;

function* readList<Part extends string>(list: List<Part>): Iterable<ListedImage<Part>> {
  const {file, part, text, seen, faults} = list;
  let line = 0;
  let count = 0;
  for (const raw of text.split('\n')) {
    line++;
    const content = raw.trimEnd();
    if (content === '') continue;
    count++;
    const [path = '', ...labels] = content.split(/[ \t]+/);
    const image = nameInList(path);
    const location = {file, line, column: 1, length: path.length};
    const first = seen.get(image);
    if (first === undefined) seen.set(image, {file, location});
    else faults.add(listedTwice(image, location, first));
    const findings = readLabels(labels);
    if (findings === 'wrong') faults.add(wrongLine(labels, {...location, length: content.length}));
    else yield {image, part, findings};
  }
  if (count === 0) {
    const location = {file, line: 1, column: 1, length: 1};
    faults.add(fault('this list is empty', location, 'it needs an image name per line'));
  }
}

function readLabels(labels: readonly string[]): readonly Finding[] | null | 'wrong' {
  if (labels.length === 0) return null;
  const valid = labels.length === FINDINGS.length && labels.every((label) => label === '0' || label === '1');
  return valid ? FINDINGS.filter((_, index) => labels[index] === '1') : 'wrong';
}

function wrongLine(labels: readonly string[], location: Location): Diagnostic {
  const hint = `write the name alone, or the name and ${FINDINGS.length} of 0 or 1, separated by spaces`;
  if (labels.length !== FINDINGS.length) {
    return fault(`this line has ${labels.length} labels after the name`, location, hint);
  }
  const label = labels.find((text) => text !== '0' && text !== '1');
  return fault(`"${label}" is not a label`, location, hint);
}

function listedTwice(
  image: string,
  location: Location,
  first: {file: string; location: Location},
): Diagnostic {
  const where = first.file === location.file ? 'this list' : 'another list';
  const hint = 'an image belongs to one fold, once';
  const related = [{message: 'first here', location: first.location}];
  return {...fault(`${image} is already in ${where}`, location, hint), related};
}
