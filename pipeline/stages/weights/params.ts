import {z} from 'zod';
import type {JsonObject} from '../../model/json.js';
import {fetchShape, isFetchable, sha256} from '../download/params.js';

/** The file in the artifact: of one name, so that where it comes from leaves no trace in the result. */
export const WEIGHTS_FILE = 'weights.pth';

/** `sha256` says what is wanted, and is in the fingerprint; all else says where from and how. */
export type WeightsParams = z.output<typeof shape>;

const {redirect_hosts, retries, retry_seconds, stall_seconds} = fetchShape;

const shape = z.strictObject({
  // A value at fault is printed, and what stands before an @ may be a password: so the message is at the object.
  url: z.string().describe('where the file is: http or https'),
  sha256: sha256.describe('of the file'),
  bytes: z.int().min(0).optional().describe('its size; the server is asked when it is not given'),
  ...{redirect_hosts, retries, retry_seconds, stall_seconds},
});

export const weightsParams = shape
  .refine(({url}) => isFetchable(url), 'the url must be a whole http or https address')
  .describe('weights on a server') as unknown as z.ZodType<JsonObject>;
