import assert from 'node:assert/strict';
import {existsSync, readFileSync} from 'node:fs';
import {join} from 'node:path';
import type {JsonObject} from '../../../pipeline/model/json.js';
import {download} from '../../../pipeline/stages/download/stage.js';
import {type Route, type Site, withSite} from '../../http/site.js';
import {type Finished, factsOf, faultsOf, spelledOut, withBench} from '../rig.js';
import {noise, notes, told, wanted} from './rig.js';

export const FILE = noise(100_000);
export const OTHER = noise(100_000, 7);

export type Seen = Readonly<{
  finished: Finished;
  site: Site;
  ranges: readonly string[];
  said: readonly string[];
}>;

/** Runs the stage for /f.tgz on a site that answers by that route. `said` are its notes. */
export async function fetching(route: Route, more: JsonObject, body: (seen: Seen) => void): Promise<void> {
  await withBench((bench) =>
    withSite({'/f.tgz': route}, async (site) => {
      const {bytes, ...rest} = more;
      const sizes = bytes === undefined ? {} : {'f.tgz': bytes};
      const finished = await bench.run(download, {...wanted(site, {'f.tgz': FILE}), sizes, ...rest});
      const gets = site.requests.filter(({method}) => method === 'GET');
      const ranges = gets.map(({range, ifRange}) => (range === '' ? 'all' : `${range} ${ifRange}`.trim()));
      body({finished, site, ranges, said: notes(finished.news, site)});
    }),
  );
}

export function isComplete({finished}: Seen): void {
  factsOf(finished);
  assert.deepEqual(readFileSync(join(finished.artifact.path, 'f.tgz')), FILE);
}

/** The one fault of a stage that must have failed, with what is left of the file. */
export function refusal({finished, site}: Seen): string {
  assert.ok(!existsSync(join(finished.resume, 'f.tgz')));
  const {result} = finished;
  if (!result.ok && result.error.reason === 'system') {
    const {code, message, hint} = result.error;
    return told(`${code}: ${message} | ${hint}`, site);
  }
  return told(spelledOut(faultsOf(finished)).join('\n'), site);
}
