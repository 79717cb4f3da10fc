import { join } from 'node:path';
import { Client } from '@temporalio/client';
import { NativeConnection, Runtime, Worker, bundleWorkflowCode, DefaultLogger } from '@temporalio/worker';
import { WORKER_OPTIONS } from '../worker/workers';
import type { BareActivities, bare, go } from './bare-workflow';

const QUEUE = 'bench-bare';
const QUIET = new DefaultLogger('WARN');

export interface BareTime {
  /** from the call to the activity, as the first words of an answer come from within one */
  activityMs: number;
  /** from the call to the end of the workflow, as its caller sees it */
  resultMs: number;
}

export interface BareTemporal {
  client: Client;
  /** Signal-with-start of a new workflow, which runs one no-op activity and ends. */
  start: (key: string) => Promise<BareTime>;
  /** Signal of a workflow that runs, which runs one more no-op activity and ends. */
  signalRunning: (key: string) => Promise<BareTime>;
  close: () => Promise<void>;
}

/** A worker and a client that share a connection, with the options of the product's, on its server. */
export async function openBareTemporal(address: string): Promise<BareTemporal> {
  Runtime.install({ logger: QUIET, shutdownSignals: [] });
  const connection = await NativeConnection.connect({ address });
  const client = new Client({ connection });
  const ran = new Map<string, (at: number) => void>();
  const activities: BareActivities = {
    noop: (key) => {
      ran.get(key)?.(performance.now());
      return Promise.resolve();
    },
  };
  const { code } = await bundleWorkflowCode({
    workflowsPath: join(__dirname, 'bare-workflow.js'),
    logger: QUIET,
  });
  const worker = await Worker.create({
    connection,
    taskQueue: QUEUE,
    workflowBundle: { code },
    activities,
    ...WORKER_OPTIONS,
  });
  const run = worker.run();

  const reached = (key: string): Promise<number> => new Promise((resolve) => ran.set(key, resolve));
  const signalWithStart = (key: string, signals: number) =>
    client.workflow.signalWithStart<typeof bare, []>('bare', {
      workflowId: `bare/${key}`,
      taskQueue: QUEUE,
      args: [key, signals],
      signal: 'go' satisfies (typeof go)['name'],
      signalArgs: [],
    });
  const timed = async (key: string, signals: number): Promise<BareTime> => {
    const activity = reached(`${key}/${signals}`);
    const from = performance.now();
    const handle = await signalWithStart(key, signals);
    const result = handle.result().then(() => performance.now());
    const [activityAt, resultAt] = await Promise.all([activity, result]);
    return { activityMs: activityAt - from, resultMs: resultAt - from };
  };
  return {
    client,
    start: (key) => timed(key, 1),
    async signalRunning(key) {
      const first = reached(`${key}/1`);
      await signalWithStart(key, 2);
      await first;
      return timed(key, 2);
    },
    async close() {
      worker.shutdown();
      await run;
      await connection.close();
    },
  };
}
