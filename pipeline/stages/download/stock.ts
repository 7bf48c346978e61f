import type {StageContext} from '../../model/stage-kind.js';
import {countOf, formatBytes} from '../../model/words.js';
import {createPace} from '../pace.js';
import type {Hosts} from './follow.js';
import type {HttpClient} from './http.js';
import {inParallel} from './parallel.js';
import type {WantedFile} from './places.js';
import {check, partBytes, type Shelf, type Standing, standingOf} from './shelf.js';
import {findBytes} from './sizes.js';
import {takeOver} from './take-over.js';

/** A file, and what of it is here before anything is fetched. */
export type Stocked =
  | Readonly<{is: 'whole'; file: WantedFile; bytes: number}>
  | Readonly<{
      is: 'wanted';
      file: WantedFile;
      shelf: Shelf;
      /** Bytes of it that are here. */
      here: number;
      /** Its size; null while nobody knows. */
      expected: number | null;
    }>;

type StockTools = Readonly<{
  context: Pick<StageContext, 'resume' | 'signal' | 'report' | 'leftovers'>;
  http: HttpClient;
  hosts: Hosts;
  width: number;
  halt: AbortController;
}>;

/** Takes over what is of use, reads what nobody vouches for, and asks for the sizes of the others. */
export async function takeStock(
  files: readonly WantedFile[],
  tools: StockTools,
): Promise<readonly Stocked[]> {
  const {context, http, hosts} = tools;
  const {resume: folder, signal} = context;
  const shelfOf = ({name, sha256}: WantedFile): Shelf => ({folder, name, sha256, signal});
  await takeOver(files.map(shelfOf), await context.leftovers(), tools);
  const standings = await readUnread(files.map(shelfOf), tools);
  const items = files.map((file, index) => ({file, shelf: shelfOf(file), standing: standings[index]!}));
  const stock = await inParallel(items, tools, async ({file, shelf, standing}): Promise<Stocked> => {
    if (standing.is !== 'absent') return {is: 'whole', file, bytes: standing.bytes};
    const onTrouble = (text: string): void => warn(context, file, text);
    const expected = await findBytes(file, {http, hosts, signal, shelf, onTrouble});
    return {is: 'wanted', file, shelf, here: (await partBytes(shelf)) ?? 0, expected};
  });
  sayWhatIsHere(context, stock);
  return stock;
}

/** @returns Of each whether it is there. What was not the wanted file is removed, and said. */
async function readUnread(shelves: readonly Shelf[], tools: StockTools): Promise<readonly Standing[]> {
  const {context} = tools;
  const standings = await inParallel(shelves, tools, standingOf);
  const total = standings.reduce((sum, one) => sum + (one.is === 'unread' ? one.bytes : 0), 0);
  if (total === 0) return standings;
  const text = `reads ${formatBytes(total)} that are here, to be sure of them`;
  context.report({type: 'stage-note', level: 'info', text});
  const pace = createPace({report: context.report, total, unit: 'bytes'});
  let read = 0;
  const items = shelves.map((shelf, index) => ({shelf, standing: standings[index]!}));
  const known = await inParallel(items, tools, async ({shelf, standing}): Promise<Standing> => {
    if (standing.is !== 'unread') return standing;
    const other = await check(shelf, (bytes) => {
      read += bytes;
      pace.advance(read);
    });
    if (other === null) return standing;
    warn(context, shelf, `what is here has the SHA-256 ${other}, not ${shelf.sha256}: it is deleted`);
    return {is: 'absent'};
  });
  pace.finish();
  return known;
}

function warn({report}: Pick<StageContext, 'report'>, {name}: {name: string}, text: string): void {
  report({type: 'stage-note', level: 'warning', text: `${name}: ${text}`});
}

function sayWhatIsHere({report}: Pick<StageContext, 'report'>, stock: readonly Stocked[]): void {
  const here = stock.reduce((sum, item) => sum + hereOf(item), 0);
  if (here === 0) return;
  const whole = countOf(stock.filter(({is}) => is === 'whole').length, 'file');
  const text = `${formatBytes(here)} are here from an earlier attempt, ${whole} of ${stock.length} whole`;
  report({type: 'stage-note', level: 'info', text});
}

export function hereOf(item: Stocked): number {
  return item.is === 'whole' ? item.bytes : item.here;
}

export function expectedOf(item: Stocked): number | null {
  return item.is === 'whole' ? item.bytes : item.expected;
}
