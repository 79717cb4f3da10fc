import { join } from 'node:path';
import { Client } from '@temporalio/client';
import { NativeConnection, Runtime, Worker, bundleWorkflowCode, DefaultLogger } from '@temporalio/worker';
import { WORKER_OPTIONS } from '../worker/workers';
import type { BareTaskActivities, bareTask } from './bare-task-workflow';

const QUEUE = 'bench-bare-tasks';
const QUIET = new DefaultLogger('WARN');

export interface BareTasks {
  /** One life of a task: started, delivered, accepted, confirmed if need be, completed; `delivered` resolves by its id. */
  live: (
    taskId: string,
    options: { url: string; asksHuman: boolean; delivered: Promise<void> },
  ) => Promise<void>;
  close: () => Promise<void>;
}

/** The reference on the server of the product, with the options of its workers. */
export async function openBareTasks(address: string): Promise<BareTasks> {
  Runtime.install({ logger: QUIET, shutdownSignals: [] });
  const connection = await NativeConnection.connect({ address });
  const client = new Client({ connection });
  const activities: BareTaskActivities = {
    deliver: async ({ taskId, url }) => {
      const answer = await fetch(url, { method: 'POST', headers: { 'webhook-id': taskId }, body: '{}' });
      await answer.text();
    },
    complete: () => Promise.resolve(),
  };
  const { code } = await bundleWorkflowCode({
    workflowsPath: join(__dirname, 'bare-task-workflow.js'),
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
  return {
    async live(taskId, { url, asksHuman, delivered }) {
      const handle = await client.workflow.start<typeof bareTask>('bareTask', {
        workflowId: `bare-task/${taskId}`,
        taskQueue: QUEUE,
        args: [taskId, url, asksHuman],
      });
      await delivered;
      await handle.signal('accepted');
      if (asksHuman) await handle.signal('confirmed');
      await handle.signal('completed');
      await handle.result();
    },
    async close() {
      worker.shutdown();
      await run;
      await connection.close();
    },
  };
}
