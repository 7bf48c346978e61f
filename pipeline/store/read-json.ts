import {readFileSync} from 'node:fs';

/**
 * A JSON file of the state directory.
 * @returns null when its content is not what the program writes there: torn by a power cut, or edited by hand.
 * @throws System errors, absence among them.
 */
export function readJson<T>(path: string, isShape: (value: unknown) => value is T): T | null {
  const text = readFileSync(path, 'utf8');
  try {
    const value: unknown = JSON.parse(text);
    return isShape(value) ? value : null;
  } catch (error) {
    if (error instanceof SyntaxError) return null;
    throw error;
  }
}
