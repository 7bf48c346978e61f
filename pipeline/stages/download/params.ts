import {z} from 'zod';
import type {JsonObject} from '../../model/json.js';
import {ARCHIVE_LIST, PART_ENDING, STATE_ENDING} from './places.js';

/** `files` says what is wanted, and is in the fingerprint; all else says where from and how. */
export type DownloadParams = z.output<typeof shape>;

const fileName = z
  .string()
  .regex(
    /^[A-Za-z0-9_][A-Za-z0-9._+-]{0,199}$/,
    'a plain file name is letters, digits, ".", "_", "+" and "-", and does not begin with "."',
  );

/** Of a whole file; lower-case afterwards. */
export const sha256 = z
  .string()
  .regex(/^[0-9a-fA-F]{64}$/, 'a SHA-256 is 64 hexadecimal digits')
  .toLowerCase();

const hostName = z
  .string()
  .regex(/^[a-z0-9]([a-z0-9.-]*[a-z0-9])?$/i, 'expected the name of a host alone, like example.org');

/** How any file is fetched. */
export const fetchShape = {
  redirect_hosts: z
    .array(hostName)
    .default([])
    .describe('hosts, with those below them, to which the hosts of the urls may redirect'),
  retries: z
    .int()
    .min(0)
    .max(100)
    .default(6)
    .describe('how often to try again when nothing more of a file came than before'),
  retry_seconds: z.number().positive().max(3600).default(1).describe('first wait; the next are longer'),
  stall_seconds: z.number().positive().max(3600).default(60).describe('longest time without a byte'),
};

const shape = z.strictObject({
  files: z
    .record(fileName, z.strictObject({sha256: sha256.describe('of the whole file')}))
    .describe('the files to fetch, by the name that they get'),
  urls: z.record(z.string(), z.string()).describe('where each of the files is: http or https'),
  sizes: z
    .record(z.string(), z.int().min(0))
    .default({})
    .describe('bytes of files; the server is asked for those that are not given'),
  redirect_hosts: fetchShape.redirect_hosts,
  connections: z.int().min(1).max(32).default(4).describe('files fetched at the same time'),
  retries: fetchShape.retries,
  retry_seconds: fetchShape.retry_seconds,
  stall_seconds: fetchShape.stall_seconds,
});

export const downloadParams = shape
  .superRefine(({files, urls, sizes}, context) => {
    const complain = (path: readonly string[], message: string): void =>
      context.addIssue({code: 'custom', path: [...path], message});
    const names = Object.keys(files);
    if (names.length === 0) complain(['files'], 'name at least one file');
    for (const name of names) {
      const wrong = whatIsWrongWithName(name, names);
      if (wrong !== null) complain(['files', name], wrong);
      if (urls[name] === undefined) complain(['urls', name], 'every file needs a url');
    }
    for (const name of Object.keys(sizes))
      if (files[name] === undefined) complain(['sizes', name], 'there is no file of this name');
    for (const [name, url] of Object.entries(urls)) {
      if (files[name] === undefined) complain(['files', name], 'every url needs a file');
      // A value at fault is printed, and what stands before an @ may be a password.
      if (!isFetchable(url)) complain(url.includes('@') ? ['urls'] : ['urls', name], notFetchable(name));
    }
  })
  .describe('archives on a server') as unknown as z.ZodType<JsonObject>;

function whatIsWrongWithName(name: string, names: readonly string[]): string | null {
  if ([ARCHIVE_LIST, 'stage.json'].includes(name.toLowerCase()))
    return 'the stage writes a file of that name';
  if ([PART_ENDING, STATE_ENDING].some((ending) => name.toLowerCase().endsWith(ending)))
    return `names that end in ${PART_ENDING} or ${STATE_ENDING} are kept for files on their way`;
  const earlier = names.slice(0, names.indexOf(name));
  const twin = earlier.find((other) => other.toLowerCase() === name.toLowerCase());
  return twin === undefined ? null : `on some file systems this is the same name as ${twin}`;
}

/** Whether it is a whole address of the kind that is fetched. */
export function isFetchable(url: string): boolean {
  return URL.canParse(url) && /^https?:$/.test(new URL(url).protocol);
}

function notFetchable(name: string): string {
  return `the url of ${name} must be a whole http or https address`;
}
