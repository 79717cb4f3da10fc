import { join } from 'node:path';
import { Worker } from 'node:worker_threads';
import { Refusal } from '../action';
import { createOrder } from '../in-order';
import type { Task, TaskResult } from './tasks';

const LIMIT_MS = 1_000;
const START_MS = 5_000;
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
    const tooLong = (): void =>
      reject(
        new Refusal(
          'too_slow',
          'the pattern did not come to an end within a second on this text, so it was stopped: repetitions within ' +
            'repetitions, such as (a+)+, try more ways than anybody can wait for',
        ),
      );
    let timer = setTimeout(tooLong, START_MS);
    worker.once('online', () => {
      clearTimeout(timer);
      timer = setTimeout(tooLong, LIMIT_MS);
    });
    worker.once('message', resolve);
    worker.once('error', () =>
      reject(new Refusal('too_large', 'the check needs more memory than it may have')),
    );
    worker.once('exit', () => clearTimeout(timer));
  }).finally(() => worker.terminate());
}
