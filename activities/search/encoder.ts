import { join } from 'node:path';
import { Worker } from 'node:worker_threads';
import { MooringError } from '../../domain/errors';

export interface Encoder {
  /** stored with each vector: vectors of different models are never compared */
  modelId: string;
  encode: (texts: string[]) => Promise<number[][]>;
  close: () => Promise<void>;
}

export const LOCAL_MODEL = 'use-lite-0.2.0';
/** A search encodes at most twice, and its activity has 30 s. */
const TIMEOUT_MS = 10_000;

type Answer = { id: number; vectors: number[][] } | { id: number; error: string };

interface Thread {
  worker: Worker;
  waiting: Map<number, (answer: Answer) => void>;
}

/**
 * The local encoder in its own thread, started at its first use. A thread that dies or does not answer in time is
 * ended, and the next use starts another.
 */
export function createThreadEncoder({
  file = join(__dirname, 'encoder-thread.js'),
  timeoutMs = TIMEOUT_MS,
} = {}): Encoder {
  let current: Thread | null = null;
  let nextId = 1;

  const start = (): Thread => {
    const thread: Thread = { worker: new Worker(file), waiting: new Map() };
    thread.worker.on('message', (answer: Answer) => thread.waiting.get(answer.id)?.(answer));
    thread.worker.on('error', () => undefined);
    thread.worker.on('exit', () => {
      if (current === thread) current = null;
      for (const [id, settle] of thread.waiting) settle({ id, error: 'the encoder has stopped' });
    });
    thread.worker.unref();
    return thread;
  };

  const giveUp = async (thread: Thread, id: number): Promise<void> => {
    if (current === thread) current = null;
    thread.waiting.get(id)?.({ id, error: 'the encoder did not answer' });
    await thread.worker.terminate();
  };

  return {
    modelId: LOCAL_MODEL,
    encode(texts) {
      const thread = (current ??= start());
      const id = nextId++;
      return new Promise((resolve, reject) => {
        const timer = setTimeout(() => void giveUp(thread, id), timeoutMs);
        thread.waiting.set(id, (answer) => {
          clearTimeout(timer);
          thread.waiting.delete(id);
          if ('vectors' in answer) resolve(answer.vectors);
          else reject(new MooringError('unavailable', `The search is not ready: ${answer.error}.`));
        });
        thread.worker.postMessage({ id, texts });
      });
    },
    close: async () => void (await current?.worker.terminate()),
  };
}
