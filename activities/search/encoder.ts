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
const TIMEOUT_MS = 20_000;

type Answer = { id: number; vectors: number[][] } | { id: number; error: string };

/** The local encoder in its own thread, started at its first use; a thread that dies is started again. */
export function createThreadEncoder(): Encoder {
  let worker: Worker | null = null;
  let nextId = 1;
  const waiting = new Map<number, (answer: Answer) => void>();

  const start = (): Worker => {
    const thread = new Worker(join(__dirname, 'encoder-thread.js'));
    thread.on('message', (answer: Answer) => waiting.get(answer.id)?.(answer));
    thread.on('error', () => undefined);
    thread.on('exit', () => {
      worker = null;
      for (const [id, settle] of waiting) settle({ id, error: 'the encoder has stopped' });
    });
    thread.unref();
    return thread;
  };

  return {
    modelId: LOCAL_MODEL,
    encode(texts) {
      worker ??= start();
      const id = nextId++;
      const thread = worker;
      return new Promise((resolve, reject) => {
        const timer = setTimeout(
          () => waiting.get(id)?.({ id, error: 'the encoder did not answer' }),
          TIMEOUT_MS,
        );
        waiting.set(id, (answer) => {
          clearTimeout(timer);
          waiting.delete(id);
          if ('vectors' in answer) resolve(answer.vectors);
          else reject(new MooringError('unavailable', `The search is not ready: ${answer.error}.`));
        });
        thread.postMessage({ id, texts });
      });
    },
    close: async () => void (await worker?.terminate()),
  };
}
