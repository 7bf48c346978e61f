import {readFileSync} from 'node:fs';
import {join} from 'node:path';
import {type Project, ROOT} from '../rig.js';

/** The demo with less of everything, in a project of its own; every number stands on a line that tests may change. */
export function writeSmallDemo(project: Project, changes: Readonly<Record<string, string>> = {}): string {
  let text = readFileSync(join(ROOT, 'configs/demo.yaml'), 'utf8');
  const less = {'images: 600': 'images: 120', 'epochs: 3': 'epochs: 2', 'crop: 64': 'crop: 32'};
  const all = {...less, 'resamples: 1000': 'resamples: 100', ...changes};
  for (const [before, after] of Object.entries(all)) {
    if (!text.includes(before)) throw new Error(`Internal error: the demo has no '${before}'`);
    text = text.replace(before, after);
  }
  project.write('small.yaml', text);
  return text;
}

export type RunDocument = Readonly<{
  run: string;
  status: string;
  folder: string;
  stages: readonly StageDocument[];
}>;

export type StageDocument = Readonly<{
  id: string;
  decision: 'skip' | 'restore' | 'run' | null;
  because: readonly Readonly<{
    code: string;
    text: string;
    file?: string;
    line?: number;
    before?: unknown;
    after?: unknown;
  }>[];
  state: string | null;
  artifact: string | null;
  output: string | null;
  summary: Readonly<Record<string, unknown>> | null;
}>;

export function stageOf(document: {stages: readonly StageDocument[]}, id: string): StageDocument {
  const found = document.stages.find((stage) => stage.id === id);
  if (found === undefined) throw new Error(`no stage ${id}`);
  return found;
}

/** `dataset skip, split skip, …` in one line. */
export function decisionsOf(document: {stages: readonly StageDocument[]}): string {
  return document.stages.map(({id, decision}) => `${id} ${decision}`).join(', ');
}
