import {readdirSync} from 'node:fs';
import {join} from 'node:path';
import {setTimeout as delay} from 'node:timers/promises';
import type {AttemptNote, AttemptNotes} from '../../pipeline/store/attempts.js';
import type {Project} from '../rig.js';

/** A stage that says that it has started and ends when the test lets it. */
export const GATED = `pipeline: gated
stages:
  wait:
    uses: exec
    params:
      command: echo started >> ../started; while [ ! -e ../open ]; do sleep 0.02; done; echo done > $PIPELINE_OUT_DIR/out
      outs: [out]
`;

export function writeGated(project: Project): void {
  project.write('configs/gated.yaml', GATED);
}

/** Resolves once the stage has started `times` times. */
export async function started(project: Project, times: number): Promise<void> {
  await lines(project, {file: 'started', count: times});
}

/** Resolves once a file of the project has so many lines. */
export async function lines(project: Project, {file, count}: {file: string; count: number}): Promise<void> {
  for (let round = 0; round < 1000; round++) {
    if (project.has(file) && project.read(file).split('\n').length > count) return;
    await delay(20);
  }
  throw new Error(`${file} did not get ${count} lines`);
}

/** Of the only stage that is under way. */
export function attemptOf(project: Project): {fingerprint: string; attempt: AttemptNote} {
  const folder = '.pipeline/resume';
  const file = readdirSync(join(project.folder, folder)).find((name) => name.endsWith('.json'))!;
  const {attempts} = JSON.parse(project.read(`${folder}/${file}`)) as AttemptNotes;
  return {fingerprint: file.slice(0, -'.json'.length), attempt: attempts.at(-1)!};
}
