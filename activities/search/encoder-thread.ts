import { parentPort } from 'node:worker_threads';
import { encodeHere } from './encode';

// Encoding is synchronous work of some milliseconds a text: it has a thread of its own, so that sockets do not wait.
parentPort?.on('message', ({ id, texts }: { id: number; texts: string[] }) => {
  encodeHere(texts).then(
    (vectors) => parentPort?.postMessage({ id, vectors }),
    (error: unknown) => parentPort?.postMessage({ id, error: String(error) }),
  );
});
