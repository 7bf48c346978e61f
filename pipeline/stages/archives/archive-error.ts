/** What to do about an archive that came incomplete. */
export const FETCH_AGAIN = 'fetch or copy it again';

/** An archive that cannot be read to its end. `message` is a whole sentence with the archive's path, `hint` what to do. */
export class ArchiveError extends Error {
  readonly archive: string;
  readonly hint: string;

  constructor(archive: string, {reason, hint}: Readonly<{reason: string; hint: string}>) {
    super(`${archive} ${reason}`);
    this.name = 'ArchiveError';
    this.archive = archive;
    this.hint = hint;
  }
}
