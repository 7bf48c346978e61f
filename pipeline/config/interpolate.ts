import {type Diagnostic, fault} from '../model/diagnostic.js';
import {nearest} from '../model/spelling.js';
import {type Located, locationOf} from './located.js';
import {numberFault, plainScalar} from './scalar.js';

/** Environment variables by name. */
export type Environment = Readonly<Record<string, string | undefined>>;

const REFERENCE = /\$\{env:([A-Za-z_][A-Za-z0-9_]*)(?::-([^}]*))?\}/g;

/**
 * Fills in `${env:NAME}` and `${env:NAME:-default}`; a variable that is set but empty counts as set. Text written
 * without quotes is then read again, so `${env:RANKS:-2}` is a number. What begins with a variable that is set was given
 * where the command was: as a relative path it starts from `workingFolder` (absolute).
 */
export function interpolate(
  node: Located,
  context: {environment: Environment; workingFolder: string; faults: Diagnostic[]},
): Located {
  if (node.kind === 'list') return {...node, items: node.items.map((item) => interpolate(item, context))};
  if (node.kind === 'map') {
    const entries = [...node.entries].map(
      ([key, entry]) => [key, {...entry, value: interpolate(entry.value, context)}] as const,
    );
    return {...node, entries: new Map(entries)};
  }
  if (typeof node.value !== 'string' || !node.value.includes('${env:')) return node;
  return fill(node, node.value, context);
}

function fill(
  node: Extract<Located, {kind: 'scalar'}>,
  text: string,
  {
    environment,
    workingFolder,
    faults,
  }: {environment: Environment; workingFolder: string; faults: Diagnostic[]},
): Located {
  const complain = (message: string, hint?: string) =>
    faults.push(
      fault(
        node.origin.kind === 'override' ? `${node.origin.argument}: ${message}` : message,
        locationOf(node),
        hint,
      ),
    );
  const used: string[] = [];
  const filled = text.replace(REFERENCE, (_, name: string, fallback: string | undefined) => {
    used.push(name);
    const value = environment[name] ?? fallback;
    if (value === undefined) {
      const likely = nearest(name, Object.keys(environment));
      const hint =
        likely === null ? `set it, or give a default: \${env:${name}:-value}` : `did you mean ${likely}?`;
      complain(`the environment variable ${name} is not set`, hint);
    }
    return value ?? '';
  });
  if (text.replace(REFERENCE, '').includes('${env:')) {
    complain('a reference to the environment is not complete', `write \${env:NAME} or \${env:NAME:-default}`);
  }
  const value = node.plain ? plainScalar(filled) : filled;
  const wrong = typeof value === 'number' ? numberFault(value) : null;
  if (wrong !== null) complain(`${wrong}, found ${filled}`);
  const given = text.search(REFERENCE) === 0 && environment[used[0]!] !== undefined;
  return {
    ...node,
    value,
    text: filled,
    folder: given ? workingFolder : node.folder,
    origin: originAfter(node.origin, used[0]),
  };
}

function originAfter(origin: Located['origin'], variable: string | undefined): Located['origin'] {
  if (origin.kind === 'override' || variable === undefined) return origin;
  return {kind: 'environment', variable, location: origin.location};
}
