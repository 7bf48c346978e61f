/**
 * What plain text means by YAML 1.2's core schema, for text that no YAML parser reads: -S values and what an
 * environment variable gave.
 */
export function plainScalar(text: string): string | number | boolean | null {
  const trimmed = text.trim();
  if (/^(?:~|null|Null|NULL)?$/.test(trimmed)) return null;
  if (/^(?:true|True|TRUE)$/.test(trimmed)) return true;
  if (/^(?:false|False|FALSE)$/.test(trimmed)) return false;
  if (NUMBER.test(trimmed)) return Number(trimmed);
  if (/^[-+]?\.(?:inf|Inf|INF)$/.test(trimmed)) return trimmed.startsWith('-') ? -Infinity : Infinity;
  if (/^\.(?:nan|NaN|NAN)$/.test(trimmed)) return Number.NaN;
  return text;
}

const NUMBER = /^(?:[-+]?(?:\.[0-9]+|[0-9]+(?:\.[0-9]*)?)(?:[eE][-+]?[0-9]+)?|0o[0-7]+|0x[0-9a-fA-F]+)$/;

/** What is wrong with a number before anyone asks what it is for; null when nothing is. */
export function numberFault(value: number): string | null {
  if (!Number.isFinite(value)) return 'a number must be finite';
  if (Number.isInteger(value) && !Number.isSafeInteger(value))
    return 'a whole number must be below 2^53 to be exact';
  return null;
}
