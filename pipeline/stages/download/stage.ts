import type {StageKind} from '../../model/stage-kind.js';
import {downloadParams} from './params.js';

/** Fetches files from web servers, so that being cut off costs nothing, and takes none but those with the right SHA-256. */
export const download: StageKind = {
  uses: 'download',
  version: 1,
  summary: 'fetches archives from web servers and verifies them',
  inputs: [],
  output: 'archives',
  params: downloadParams,
  paths: [],
  // Where a file comes from does not change what it is: its SHA-256 says that.
  speedOnly: [
    ...['urls', 'sizes', 'redirect_hosts', 'connections'],
    ...['retries', 'retry_seconds', 'stall_seconds'],
  ],
  slots: {},
  work: {kind: 'in-process', run: async (context) => (await import('./run.js')).runDownload(context)},
};
