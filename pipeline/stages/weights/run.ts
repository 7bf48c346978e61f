import {rm} from 'node:fs/promises';
import {join} from 'node:path';
import type {Failure} from '../../model/failure.js';
import {err, ok} from '../../model/result.js';
import type {StageContext, StageResult} from '../../model/stage-kind.js';
import {ARCHIVE_LIST} from '../download/places.js';
import {runDownload} from '../download/run.js';
import {WEIGHTS_FILE, type WeightsParams} from './params.js';

/** @returns Size and digest of the file, and how much of it was fetched now. */
export async function fetchWeights(context: StageContext): Promise<StageResult> {
  const {url, sha256, bytes, ...how} = context.params as WeightsParams;
  const sizes = bytes === undefined ? {} : {[WEIGHTS_FILE]: bytes};
  const [files, urls] = [{[WEIGHTS_FILE]: {sha256}}, {[WEIGHTS_FILE]: url}];
  const params = {...how, files, urls, sizes, connections: 1};
  const result = await runDownload({...context, params});
  if (!result.ok) return err(inOurWords(result.error));
  // One file needs no list of files.
  await rm(join(context.out, ARCHIVE_LIST));
  return ok({bytes: result.value['bytes']!, fetched_bytes: result.value['fetched_bytes']!, sha256});
}

/** The hints of a download speak of its lists. */
function inOurWords(failure: Failure): Failure {
  if (failure.reason !== 'invalid-input') return failure;
  const diagnostics = failure.diagnostics.map((diagnostic) =>
    diagnostic.hint?.includes('"files" and "urls"')
      ? {...diagnostic, hint: 'is it another file? compare url and sha256 with their source'}
      : diagnostic,
  );
  return {...failure, diagnostics};
}
