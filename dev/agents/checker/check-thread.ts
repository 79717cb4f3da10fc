import { parentPort, workerData } from 'node:worker_threads';
import { runTask } from './tasks';
import type { Task } from './tasks';

// Patterns of strangers run here, where they can be ended.
parentPort?.postMessage(runTask(workerData as Task));
