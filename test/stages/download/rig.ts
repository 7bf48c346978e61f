import {createHash} from 'node:crypto';
import {setTimeout as delay} from 'node:timers/promises';
import type {JsonObject} from '../../../pipeline/model/json.js';
import type {StageNews} from '../../../pipeline/model/stage-kind.js';
import {createRandom} from '../../../pipeline/stages/random.js';
import type {Site} from '../../http/site.js';

/** Bytes that begin like a gzip file and are noise after that; equal for equal seeds. */
export function noise(bytes: number, seed = 1): Buffer {
  const random = createRandom(seed);
  const content = Buffer.from(Array.from({length: bytes}, () => random.below(256)));
  content.set([0x1f, 0x8b], 0);
  return content;
}

export function sha256(content: Uint8Array): string {
  return createHash('sha256').update(content).digest('hex');
}

/** Parameters of the stage for files that the site has under `/<name>`. Tests wait for nothing. */
export function wanted(
  site: Site,
  contents: Readonly<Record<string, Uint8Array>>,
  more: JsonObject = {},
): JsonObject {
  const names = Object.keys(contents);
  return {
    files: Object.fromEntries(names.map((name) => [name, {sha256: sha256(contents[name]!)}])),
    urls: Object.fromEntries(names.map((name) => [name, site.url(`/${name}`)])),
    retry_seconds: 0.001,
    ...more,
  };
}

/** What the stage said about itself, in order. Waits are told as `…`, and the site's address as SITE. */
export function notes(news: readonly StageNews[], site: Site): readonly string[] {
  return news.flatMap((one) => (one.type === 'stage-note' ? [told(one.text, site)] : []));
}

export function told(text: string, site: Site): string {
  return text
    .replaceAll(new RegExp(`(?:https?://)?(?:127\\.0\\.0\\.1|localhost):${site.port}`, 'g'), 'SITE')
    .replace(/in [\d.<]+ m?s/g, 'in …');
}

/** Looks again and again until it is so: for what another process or the disk does. */
export async function until(isSo: () => boolean): Promise<void> {
  for (let round = 0; round < 2000; round++) {
    if (isSo()) return;
    await delay(10);
  }
  throw new Error('it did not come about');
}
