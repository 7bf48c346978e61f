import {parentPort, Worker} from 'node:worker_threads';

/** Tasks a worker has at hand: one that it works on and one so that it need not wait for the next. */
const IN_FLIGHT = 2;

type Answer<Done> = Readonly<
  {type: 'done'; done: Done} | {type: 'failed'; error: Readonly<Record<string, unknown>>}
>;

/**
 * Carries out tasks on worker threads; the script answers them with `serveTasks`. `onDone` is called in the order in
 * which tasks end. All threads have stopped when the promise settles.
 * @throws What a task or `onDone` throws (with `code` and `path` of a system error), or the signal's reason at once.
 */
export async function runOnWorkers<Task, Done>(
  request: Readonly<{
    script: URL;
    workers: number;
    /** Given to every thread once. */
    workerData: unknown;
    tasks: Iterable<Task>;
    onDone(done: Done): void;
    signal: AbortSignal;
  }>,
): Promise<void> {
  request.signal.throwIfAborted();
  const tasks = request.tasks[Symbol.iterator]();
  const workers = Array.from(
    {length: request.workers},
    () => new Worker(request.script, {workerData: request.workerData}),
  );
  try {
    await Promise.race([
      Promise.all(workers.map((worker) => feed({worker, tasks, onDone: request.onDone}))),
      aborted(request.signal),
    ]);
  } finally {
    await Promise.all(workers.map((worker) => worker.terminate()));
  }
}

function aborted(signal: AbortSignal): Promise<never> {
  return new Promise((_, reject) => {
    signal.addEventListener('abort', () => reject(signal.reason), {once: true});
  });
}

/** Resolves when there is no task left and this worker has answered all it was given. */
function feed<Task, Done>({
  worker,
  tasks,
  onDone,
}: Readonly<{worker: Worker; tasks: Iterator<Task>; onDone(done: Done): void}>): Promise<void> {
  let unanswered = 0;
  return new Promise((resolve, reject) => {
    const give = (): void => {
      const next = tasks.next();
      if (!next.done) {
        unanswered++;
        worker.postMessage(next.value);
      } else if (unanswered === 0) resolve();
    };
    worker.on('message', (answer: Answer<Done>) => {
      if (answer.type === 'failed') return reject(revived(answer.error));
      unanswered--;
      try {
        onDone(answer.done);
        give();
      } catch (error) {
        reject(error);
      }
    });
    worker.on('error', reject);
    worker.on('exit', (code) => reject(new Error(`Internal error: a worker thread ended with code ${code}`)));
    for (let count = 0; count < IN_FLIGHT; count++) give();
  });
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
    const {message, stack, code, path, syscall} = error as NodeJS.ErrnoException;
    return {type: 'failed', error: {message, stack, code, path, syscall}};
  }
}
