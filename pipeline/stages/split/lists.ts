import {type Diagnostic, fault, type Location} from '../../model/diagnostic.js';
import {FINDINGS, type Finding} from '../../model/findings.js';
import {err, ok, type Result} from '../../model/result.js';
import {formatCount} from '../../model/words.js';
import {readText} from '../csv.js';
import {createFaultList, type FaultList} from '../fault-list.js';
import {spelledOut, whyNoImageName} from '../file-name.js';

/** One line of a list. `findings` is null when the list has names only. */
export type ListedImage<Part extends string> = Readonly<{
  image: string;
  part: Part;
  findings: readonly Finding[] | null;
}>;

type Seen = Map<string, Location>;

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
  // There are some hundreds of combinations of labels, each in a hundred thousand lines.
  const known = new Map<string, ReturnType<typeof readLabels>>();
  let count = 0;
  for (const {line, column, content} of linesOf(text)) {
    const refused = refuseLine(content, ++count, {file, line, column});
    if (refused !== null) {
      faults.add(refused);
      return;
    }
    const end = content.search(/[ \t]/);
    const path = end === -1 ? content : content.slice(0, end);
    const labels = end === -1 ? '' : content.slice(end).trimStart();
    const image = nameInList(path);
    const location = {file, line, column, length: path.length};
    const notAName = image === '' ? 'names no image' : whyNoImageName(image);
    const first = seen.get(image);
    if (notAName !== null) faults.add(fault(`"${spelledOut(path)}" ${notAName}`, location, PLAIN_NAME));
    else if (first === undefined) seen.set(image, location);
    else faults.add(listedTwice(image, location, first));
    const findings = known.get(labels) ?? readLabels(labels);
    known.set(labels, findings);
    if (findings === 'wrong') faults.add(wrongLine(labels, {...location, length: content.length}));
    else yield {image, part, findings};
  }
  if (count === 0) {
    const location = {file, line: 1, column: 1, length: 1};
    faults.add(fault('this list is empty', location, 'it needs an image name per line'));
  }
}

const PLAIN_NAME = 'a line begins with the name of a file, like 00000001_000.png';

/** Far above every list of this field. What is larger is no such list, and would fill the memory. */
const MOST = {lines: 1_000_000, lineLength: 10_000} as const;

function refuseLine(content: string, count: number, place: Omit<Location, 'length'>): Diagnostic | null {
  if (count <= MOST.lines && content.length <= MOST.lineLength) return null;
  const message =
    count > MOST.lines
      ? `this list has more than ${formatCount(MOST.lines)} lines`
      : `this line is longer than ${formatCount(MOST.lineLength)} characters`;
  return fault(message, {...place, length: content.length}, 'is this the right file?');
}

/** Lines that are not blank, without the white space around them. */
function* linesOf(text: string): Iterable<Readonly<{line: number; column: number; content: string}>> {
  let line = 0;
  for (let start = 0; start < text.length; ) {
    line++;
    const newline = text.indexOf('\n', start);
    const end = newline === -1 ? text.length : newline;
    const raw = text.slice(start, end).trimEnd();
    start = end + 1;
    const content = raw.trimStart();
    if (content !== '') yield {line, column: raw.length - content.length + 1, content};
  }
}

function readLabels(text: string): readonly Finding[] | null | 'wrong' {
  if (text === '') return null;
  const labels = text.split(/[ \t]+/);
  const valid = labels.length === FINDINGS.length && labels.every((label) => label === '0' || label === '1');
  return valid ? FINDINGS.filter((_, index) => labels[index] === '1') : 'wrong';
}

function wrongLine(text: string, location: Location): Diagnostic {
  const labels = text.split(/[ \t]+/);
  const hint = `write the name alone, or the name and ${FINDINGS.length} of 0 or 1, separated by spaces`;
  if (labels.length !== FINDINGS.length) {
    return fault(`this line has ${labels.length} labels after the name`, location, hint);
  }
  const label = labels.find((text) => text !== '0' && text !== '1');
  return fault(`"${spelledOut(label!)}" is not a label`, location, hint);
}

function listedTwice(image: string, location: Location, first: Location): Diagnostic {
  const where = first.file === location.file ? 'this list' : 'another list';
  const hint = 'an image belongs to one fold, once';
  const related = [{message: 'first here', location: first}];
  return {...fault(`${spelledOut(image)} is already in ${where}`, location, hint), related};
}
