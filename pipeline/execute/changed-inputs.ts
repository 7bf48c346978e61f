import type {Hasher} from '../cache/hash.js';
import type {Artifacts} from '../store/artifacts.js';
import type {RunOrder} from './schedule.js';

/**
 * Looks again at everything that a stage was made of, once it has ended: declared files by their digest, needed
 * artifacts file by file. @returns names of what has changed, e.g. `images` or `split/folds.csv`.
 */
export async function changedInputs(
  {stage, inspection, needs}: RunOrder,
  {hasher, artifacts}: Readonly<{hasher: Hasher; artifacts: Pick<Artifacts, 'verify'>}>,
): Promise<readonly string[]> {
  const changed: string[] = [];
  for (const {param, path} of stage.files) {
    const digest = await hasher.digest(path);
    if (!digest.ok || digest.value !== inspection.fingerprint.parts.files[param]) changed.push(param);
  }
  for (const need of needs) {
    const damage = await artifacts.verify(need.record);
    changed.push(...damage.map(({path}) => `${need.stage.id}/${path}`));
  }
  return changed;
}
