import { join } from 'node:path';
import { Worker } from 'node:worker_threads';
import { Refusal } from '../action';
import { createOrder } from '../in-order';
import type { Task, TaskResult } from './tasks';

const LIMIT_MS = 1_000;
// Of our own code, on a machine under any load: what takes longer is no fault of the pattern.
const LOAD_MS = 15_000;
const LIMIT_MIB = 64;

const inOrder = createOrder();

/** One thread at a time, ended after a second of work: another's pattern costs us no more than that. */
export const inThread = (task: Task): Promise<TaskResult> => inOrder('thread', () => run(task));

function run(task: Task): Promise<TaskResult> {
  const worker = new Worker(join(__dirname, 'check-thread.js'), {
    workerData: task,
    env: {},
    resourceLimits: { maxOldGenerationSizeMb: LIMIT_MIB },
  });
  return new Promise<TaskResult>((resolve, reject) => {
    const broken = (why: string) => (): void => reject(new Error(`the thread of the checker ${why}`));
    let timer = setTimeout(broken('did not start'), LOAD_MS);
    worker.on('message', (message: 'loaded' | TaskResult) => {
      clearTimeout(timer);
      if (message === 'loaded') timer = setTimeout(() => reject(tooSlow()), LIMIT_MS);
      else resolve(message);
    });
    worker.once('error', (error: NodeJS.ErrnoException) =>
      reject(
        error.code === 'ERR_WORKER_OUT_OF_MEMORY'
          ? new Refusal('too_large', 'the check needs more memory than it may have')
          : error,
      ),
    );
    worker.once('exit', () => {
      clearTimeout(timer);
      broken('ended without an answer')();
    });
  }).finally(() => worker.terminate());
}

const tooSlow = (): Refusal =>
  new Refusal(
    'too_slow',
    'the pattern did not come to an end within a second on this text, so it was stopped: repetitions within ' +
      'repetitions, such as (a+)+, try more ways than anybody can wait for',
  );
