import { parentPort, workerData } from 'node:worker_threads';
import { runTask } from './tasks';
import type { Task } from './tasks';

// Patterns of strangers run here, where they can be ended. What they need is loaded before their time begins.
parentPort?.postMessage('loaded');
parentPort?.postMessage(runTask(workerData as Task));
