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
/** So long the thread may say nothing while something waits for it; a queue of many is no reason to give it up. */
const SILENCE_MS = 10_000;

type Answer = { id: number; vectors: number[][] } | { id: number; error: string };

interface Thread {
  worker: Worker;
  waiting: Map<number, (answer: Answer) => void>;
  silence: NodeJS.Timeout | null;
}

/**
 * The local encoder in its own thread, started at its first use. A thread that dies or does not answer in time is
 * ended, and the next use starts another.
 */
export function createThreadEncoder({
  file = join(__dirname, 'encoder-thread.js'),
  silenceMs = SILENCE_MS,
} = {}): Encoder {
  let current: Thread | null = null;
  let nextId = 1;
  /** Searches that begin together want the same vectors of the same agents: they are made once. */
  const underWay = new Map<string, Promise<number[][]>>();

  const start = (): Thread => {
    const thread: Thread = { worker: new Worker(file), waiting: new Map(), silence: null };
    thread.worker.on('message', (answer: Answer) => settle(thread, answer));
    thread.worker.on('error', () => undefined);
    thread.worker.on('exit', () => leave(thread, 'the encoder has stopped'));
    thread.worker.unref();
    return thread;
  };

  const listen = (thread: Thread): void => {
    if (thread.silence !== null) clearTimeout(thread.silence);
    const giveUp = (): void => {
      leave(thread, 'the encoder did not answer');
      void thread.worker.terminate();
    };
    thread.silence = thread.waiting.size === 0 ? null : setTimeout(giveUp, silenceMs);
  };

  const settle = (thread: Thread, answer: Answer): void => {
    thread.waiting.get(answer.id)?.(answer);
    thread.waiting.delete(answer.id);
    listen(thread);
  };

  const leave = (thread: Thread, error: string): void => {
    if (current === thread) current = null;
    for (const id of [...thread.waiting.keys()]) settle(thread, { id, error });
  };

  const ask = (texts: string[]): Promise<number[][]> => {
    const thread = (current ??= start());
    const id = nextId++;
    return new Promise((resolve, reject) => {
      thread.waiting.set(id, (answer) => {
        if ('vectors' in answer) resolve(answer.vectors);
        else reject(new MooringError('unavailable', `The search is not ready: ${answer.error}.`));
      });
      if (thread.silence === null) listen(thread);
      thread.worker.postMessage({ id, texts });
    });
  };

  return {
    modelId: LOCAL_MODEL,
    encode(texts) {
      const key = JSON.stringify(texts);
      const running = underWay.get(key);
      if (running !== undefined) return running;
      const made = ask(texts).finally(() => underWay.delete(key));
      underWay.set(key, made);
      return made;
    },
    close: async () => void (await current?.worker.terminate()),
  };
}
