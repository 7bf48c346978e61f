/**
 * What is never in the name of a radiograph: control characters, marks that turn the direction of writing (letters of
 * right-to-left scripts are no such marks), line separators, and halves of characters.
 */
const INVISIBLE = /[\p{Cc}\p{Zl}\p{Zp}\p{Cs}\u200b-\u200f\u202a-\u202e\u2060-\u2069\ufeff]/u;

const INVISIBLES = new RegExp(INVISIBLE.source, 'gu');

/** Long enough for every real name, short enough for a line. */
const SHOWN_CHARACTERS = 120;

/** A name as it can be shown: what is invisible or turns the direction of writing as `\u202e`, cut when it is long. */
export function spelledOut(name: string): string {
  const short = name.length <= SHOWN_CHARACTERS ? name : `${name.slice(0, SHOWN_CHARACTERS)}…`;
  return short.replace(INVISIBLES, (character) => {
    const code = character.codePointAt(0)!.toString(16);
    return code.length <= 4 ? `\\u${code.padStart(4, '0')}` : `\\u{${code}}`;
  });
}

/**
 * Why a text is no name for the file of an image, as the end of a sentence that begins with it; null when it is one.
 * Lists with these names are opened in spreadsheets, which take some beginnings for formulas.
 */
export function whyNoImageName(name: string): string | null {
  if (/[/\\]/.test(name)) return 'names a folder';
  return (
    whyNoPath(name) ?? (name.includes('|') ? 'has a | in it, which stands between names in lists' : null)
  );
}

/** The same for a path relative to a data folder; `/` stands between names. */
export function whyNoPath(path: string): string | null {
  if (INVISIBLE.test(path)) return 'has characters that cannot be seen';
  if (/^[=+\-@]/.test(path)) return `begins with ${path[0]}, which spreadsheets take for a formula`;
  return null;
}

/** The same for the name of an archive's member, which also must not lead out of the folder. */
export function whyNoMemberName(name: string): string | null {
  if (name.startsWith('/') || /^[a-z]:/i.test(name)) return 'is an absolute path';
  if (name.includes('\\')) return 'has a backslash in its name';
  if (name.split('/').includes('..')) return 'leads out of the folder';
  if (name.length > 1024) return 'has a name of more than 1,024 characters';
  if (/(^|\/)\.?$/.test(name)) return 'names no file';
  return whyNoPath(name.replace(/^(\.\/+)+/, ''));
}
