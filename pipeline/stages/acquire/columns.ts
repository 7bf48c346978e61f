import {type Diagnostic, fault} from '../../model/diagnostic.js';
import {err, ok, type Result} from '../../model/result.js';
import {nearest} from '../../model/spelling.js';
import {formatCount} from '../../model/words.js';
import {type CsvTable, locateCell, locateRow} from '../csv.js';
import {spelledOut} from '../file-name.js';

/** Where each wanted column stands, by our name for it. */
export type Columns<Name extends string> = Readonly<Record<Name, number>>;

/**
 * Finds columns by the spellings they have had in the published files.
 * @param wanted - Our name of each column, with its known spellings, the usual one first.
 */
export function findColumns<Name extends string>(
  table: CsvTable,
  wanted: Readonly<Record<Name, readonly string[]>>,
): Result<Columns<Name>, readonly Diagnostic[]> {
  const header = table.header.cells.map((cell) => cell.trim());
  const known = new Set(Object.values<readonly string[]>(wanted).flat());
  const spare = header.filter((cell) => cell !== '' && !known.has(cell));
  const found: Partial<Record<Name, number>> = {};
  const faults: Diagnostic[] = [];
  for (const name of Object.keys(wanted) as Name[]) {
    const spellings = wanted[name];
    const column = header.findIndex((cell) => spellings.includes(cell));
    if (column >= 0) found[name] = column;
    else faults.push(missing({table, header, spare, spellings}));
  }
  return faults.length > 0 ? err(faults) : ok(found as Columns<Name>);
}

/** `spare` are the header cells that no column was found in: one of them may be misspelt. */
function missing({
  table,
  header,
  spare,
  spellings,
}: Readonly<{
  table: CsvTable;
  header: readonly string[];
  spare: readonly string[];
  spellings: readonly string[];
}>): Diagnostic {
  const message = `no column "${spellings.join('" or "')}"`;
  const similar = spellings.map((spelling) => nearest(spelling, spare)).find((cell) => cell !== null);
  if (similar === undefined) {
    return fault(message, locateRow(table, table.header), `the header has: ${listed(header)}`);
  }
  const at = locateCell(table, table.header, header.indexOf(similar));
  return fault(message, at, `rename "${spelledOut(similar)}" if that is it`);
}

/** As many names as fit in a few lines. */
const SHOWN_CELLS = 24;

function listed(header: readonly string[]): string {
  const named = header.filter((cell) => cell !== '');
  const more = named.length - SHOWN_CELLS;
  const names = named.slice(0, SHOWN_CELLS).map(spelledOut).join(', ');
  return more > 0 ? `${names} and ${formatCount(more)} more` : names;
}
