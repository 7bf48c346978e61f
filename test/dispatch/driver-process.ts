import {appendFileSync, readFileSync} from 'node:fs';
import {runJob} from '../../pipeline/dispatch/driver.js';
import {type JobOptions, jobFolderIn, type Step} from './rig.js';

/** What driver-process.js reads from the file that its argument names. */
export type DriverOrder = Readonly<{
  folder: string;
  python: string;
  /** A file to which every event is appended. */
  record: string;
  steps: readonly Step[];
  options: JobOptions;
}>;

// A driver in a process of its own, to be interrupted or killed. Says how many events it has recorded, and the result
// at the end.
const order = JSON.parse(readFileSync(process.argv[2]!, 'utf8')) as DriverOrder;
const {request} = jobFolderIn(order.folder, order.python);
const stop = new AbortController();
process.once('SIGINT', () => stop.abort());
const result = await runJob({
  ...request(order.steps, {...order.options, signal: stop.signal}),
  onEvent: (seq, event) => {
    appendFileSync(order.record, `${JSON.stringify({seq, ...event})}\n`);
    if (seq % 500 === 0) process.stdout.write(`recorded ${seq}\n`);
  },
  onNote: (level, text) => process.stdout.write(`${level} ${text}\n`),
});
process.stdout.write(`result ${JSON.stringify(result)}\n`);
