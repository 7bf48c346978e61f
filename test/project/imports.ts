import {readdirSync, readFileSync, statSync} from 'node:fs';
import {dirname, join, normalize, relative} from 'node:path';
import {ROOT} from '../rig.js';

/** One import of a source file, types included: of another source file (relative to the root) or of a package. */
export type Import = Readonly<{from: string; to: string; isPackage: boolean}>;

/** Source files below these folders, relative to the root. */
export function sourceFiles(folders: readonly string[], endings: readonly string[]): readonly string[] {
  const found: string[] = [];
  const visit = (folder: string): void => {
    for (const name of readdirSync(join(ROOT, folder)).sort()) {
      if (name.startsWith('.') || name === '__pycache__' || name === 'node_modules') continue;
      const path = join(folder, name);
      if (statSync(join(ROOT, path)).isDirectory()) visit(path);
      else if (endings.some((ending) => name.endsWith(ending))) found.push(path);
    }
  };
  for (const folder of folders) visit(folder);
  return found;
}

/** Static, dynamic and type imports of TypeScript files. */
export function importsOf(file: string): readonly Import[] {
  const text = readFileSync(join(ROOT, file), 'utf8');
  const pattern =
    /(?:^|\n)\s*(?:import|export)\s[^'";]*?from\s+'([^']+)'|import\('([^']+)'\)|(?:^|\n)import\s+'([^']+)'/g;
  return [...text.matchAll(pattern)].map((match) => {
    const target = match[1] ?? match[2] ?? match[3]!;
    if (!target.startsWith('.')) return {from: file, to: packageName(target), isPackage: true};
    const path = normalize(join(dirname(file), target)).replace(/\.js$/, '.ts');
    return {from: file, to: relative('.', path), isPackage: false};
  });
}

function packageName(target: string): string {
  if (target.startsWith('node:')) return target;
  return target
    .split('/')
    .slice(0, target.startsWith('@') ? 2 : 1)
    .join('/');
}

/** Every ring of files that import each other; one start file is enough to name a ring. */
export function findRings(imports: readonly Import[]): readonly (readonly string[])[] {
  const edges = new Map<string, string[]>();
  for (const {from, to, isPackage} of imports) {
    if (!isPackage) edges.set(from, [...(edges.get(from) ?? []), to]);
  }
  const rings: string[][] = [];
  const state = new Map<string, 'open' | 'done'>();
  const visit = (file: string, path: readonly string[]): void => {
    if (state.get(file) === 'done') return;
    if (state.get(file) === 'open') {
      rings.push([...path.slice(path.indexOf(file)), file]);
      return;
    }
    state.set(file, 'open');
    for (const next of edges.get(file) ?? []) visit(next, [...path, file]);
    state.set(file, 'done');
  };
  for (const file of edges.keys()) visit(file, []);
  return rings;
}
