import {parentPort, Worker} from 'node:worker_threads';

/** Tasks a worker has at hand: one that it works on and one so that it need not wait for the next. */
const IN_FLIGHT = 2;

type Answer<Done> = Readonly<
  {type: 'done'; done: Done} | {type: 'failed'; error: Readonly<Record<string, unknown>>}
>;

/**
 * Carries out tasks on worker threads; the script answers them with `serveTasks`. `onDone` is called in the order in
 * which tasks end. All threads have stopped when the promise settles. A task is asked for when a thread has room for it,
 * so tasks that are still to be read are read no faster than they are done.
 * @throws What a task, `tasks` or `onDone` throws (with `code`, `errno` and `path` of a system error), or the signal's
 * reason at once: whoever gives tasks that hold something open closes them then.
 */
export async function runOnWorkers<Task, Done>(
  request: Readonly<{
    script: URL;
    workers: number;
    /** Given to every thread once. */
    workerData: unknown;
    tasks: Iterable<Task> | AsyncIterable<Task>;
    /** What of a task moves to the thread instead of being copied. */
    moved?(task: Task): readonly ArrayBuffer[];
    onDone(done: Done): void;
    signal: AbortSignal;
  }>,
): Promise<void> {
  const {script, workerData, tasks, moved = () => [], onDone, signal} = request;
  signal.throwIfAborted();
  const workers = Array.from({length: request.workers}, () => new Worker(script, {workerData}));
  const source = Symbol.asyncIterator in tasks ? tasks[Symbol.asyncIterator]() : tasks[Symbol.iterator]();
  const told = new AbortController();
  try {
    const lines = workers.map((worker) => connect<Task, Done>(worker, moved));
    const work = lines.flatMap(({ask}) => Array.from({length: IN_FLIGHT}, () => feed(source, {ask, onDone})));
    await Promise.race([Promise.all(work), ...lines.map(({broken}) => broken), aborted(signal, told.signal)]);
  } finally {
    told.abort();
    await Promise.all(workers.map((worker) => worker.terminate()));
  }
}

/** @param over - Aborted when nobody waits any more. */
function aborted(signal: AbortSignal, over: AbortSignal): Promise<never> {
  return new Promise((_, reject) => {
    signal.addEventListener('abort', () => reject(signal.reason), {once: true, signal: over});
  });
}

/** `broken` rejects when the thread ends. A thread answers its tasks in their order. */
type Line<Task, Done> = Readonly<{ask(task: Task): Promise<Done>; broken: Promise<never>}>;

function connect<Task, Done>(
  worker: Worker,
  moved: (task: Task) => readonly ArrayBuffer[],
): Line<Task, Done> {
  const unanswered: {resolve(done: Done): void; reject(error: Error): void}[] = [];
  worker.on('message', (answer: Answer<Done>) => {
    const {resolve, reject} = unanswered.shift()!;
    if (answer.type === 'failed') reject(revived(answer.error));
    else resolve(answer.done);
  });
  return {
    ask: (task) =>
      new Promise((resolve, reject) => {
        unanswered.push({resolve, reject});
        worker.postMessage(task, moved(task));
      }),
    broken: new Promise((_, reject) => {
      worker.on('error', reject);
      worker.on('exit', (code) =>
        reject(new Error(`Internal error: a worker thread ended with code ${code}`)),
      );
    }),
  };
}

/** One task after the other, until there is none left. */
async function feed<Task, Done>(
  tasks: Iterator<Task> | AsyncIterator<Task>,
  {ask, onDone}: Readonly<{ask(task: Task): Promise<Done>; onDone(done: Done): void}>,
): Promise<void> {
  for (;;) {
    const next = await tasks.next();
    if (next.done === true) return;
    onDone(await ask(next.value));
  }
}

/** An error loses its code on the way between threads, and the code says whose fault it is. */
function revived({message, ...rest}: Readonly<Record<string, unknown>>): Error {
  return Object.assign(new Error(String(message)), rest);
}

/** In a worker's script: answers each task with what `carryOut` returns, one after the other. */
export function serveTasks<Task, Done>(carryOut: (task: Task) => Done | Promise<Done>): void {
  const port = parentPort;
  if (port === null) throw new Error('Internal error: this script runs in a worker thread only');
  let previous: Promise<void> = Promise.resolve();
  port.on('message', (task: Task) => {
    previous = previous.then(async () => port.postMessage(await answerTo(task, carryOut)));
  });
}

async function answerTo<Task, Done>(
  task: Task,
  carryOut: (task: Task) => Done | Promise<Done>,
): Promise<Answer<Done>> {
  try {
    return {type: 'done', done: await carryOut(task)};
  } catch (error) {
    const {message, stack, code, errno, path, syscall} = error as NodeJS.ErrnoException;
    return {type: 'failed', error: {message, stack, code, errno, path, syscall}};
  }
}
