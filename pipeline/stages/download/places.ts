/** The list in the artifact of what is in it: `archive,sha256,bytes`. */
export const ARCHIVE_LIST = 'archives.csv';
/** Of a file that is on its way, and of the note on how far it is. */
export const PART_ENDING = '.part';
export const STATE_ENDING = '.state.json';

/** One file to fetch. */
export type WantedFile = Readonly<{
  /** A plain file name. */
  name: string;
  /** May hold a user's name and password: for people there is shownUrl(). */
  url: URL;
  /** Lower-case hexadecimal. */
  sha256: string;
  /** As the configuration says; null where it does not. */
  bytes: number | null;
}>;

/**
 * For people: without credentials, without a query, which may be one, and with long names in the path cut, which are
 * tickets that a server hands out.
 */
export function shownUrl({protocol, host, pathname, search}: URL): string {
  const path = pathname.replace(/[^/]{65,}/g, (name) => `${name.slice(0, 16)}…`);
  return `${protocol}//${host}${path}${search === '' ? '' : '?…'}`;
}
