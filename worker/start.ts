import { join } from 'node:path';
import type { NativeConnection } from '@temporalio/worker';
import { createThreadEncoder } from '../activities/search/encoder';
import type { Database } from '../db/database';
import { hasOpenRow } from '../db/open-row';
import { HELD_MS } from '../db/outbox';
import { SYSTEM } from '../domain/principal';
import type { Bus } from '../lib/bus';
import type { Config } from '../lib/config';
import { createGuardedHttp } from '../lib/guarded-http';
import type { Logger } from '../lib/log';
import { metrics } from '../lib/metrics';
import { connectTemporal } from '../temporal/connect';
import { createGateway } from '../temporal/gateway';
import { openSchedules } from '../temporal/schedules';
import { registerSearchAttributes } from '../temporal/search-attributes';
import { createActivities } from './activities';
import type { Dispatch } from './dispatch';
import { startReconciler } from './reconciler';
import { startRelay } from './relay';
import { createWorkers, installRuntime } from './workers';

export interface WorkerDeps {
  config: Config;
  secret: string;
  temporalAddress: string;
  db: Database;
  bus: Bus;
  log: Logger;
  dispatch: Dispatch;
  /** a worker has ended by itself: without it the process is of no use */
  onFailure: (error: unknown) => void;
}

export interface RunningWorker {
  /** Whether Temporal answers now. */
  temporalAnswers: () => Promise<boolean>;
  stop: () => Promise<void>;
}

const PROBE_MS = 1_000;

/** The worker: connects to Temporal, runs every queue, and tells it what the outbox has. Resolves when it runs. */
export async function startWorker(deps: WorkerDeps): Promise<RunningWorker> {
  const { config, db, bus, log } = deps;
  installRuntime(log, config.MOORING_TEMPORAL_METRICS);
  const temporal = await connectTemporal(
    { address: deps.temporalAddress, namespace: config.TEMPORAL_NAMESPACE },
    log,
  );
  await registerSearchAttributes(temporal.connection, config.TEMPORAL_NAMESPACE);
  await openSchedules(temporal.client, config.MOORING_REGION);
  const gateway = createGateway({
    client: temporal.client,
    region: config.MOORING_REGION,
    isOpen: (workflowId) => db.withTx(SYSTEM, 'run.is-open', (tx) => hasOpenRow(tx, workflowId)),
    onRestart: (workflowId) => {
      metrics.runsRestarted.inc();
      log.error({ workflow: workflowId }, 'a run had ended before its row; started anew');
    },
  });
  const http = createGuardedHttp({ allowLoopback: config.MOORING_ALLOW_LOOPBACK });
  const encoder = createThreadEncoder();
  const { activities, deliverFirst } = createActivities({
    config,
    db,
    bus,
    http,
    secret: deps.secret,
    encoder,
  });
  const workers = await createWorkers({
    connection: temporal.connection,
    namespace: config.TEMPORAL_NAMESPACE,
    bundlePath: join(__dirname, '../workflows.bundle.js'),
    activities,
    log,
  });
  const runs = workers.map((worker) => worker.run().catch(deps.onFailure));
  const leaseMs = config.MOORING_WEBHOOK_TIMEOUT_MS + HELD_MS;
  deps.dispatch.open({ db, gateway, deliverFirst, leaseMs });
  const ageMs = config.MOORING_RELAY_AGE_MS;
  const stopRelay = startRelay({ db, gateway, log, ageMs, held: deps.dispatch.held });
  const stopReconciler = startReconciler({
    db,
    gateway,
    log,
    intervalMs: config.MOORING_RECONCILE_INTERVAL_MS,
    ageMs,
    idleMs: config.MOORING_SESSION_IDLE_MS,
  });
  // The first search need not wait for the encoder to load.
  encoder.encode(['warm']).catch((error: unknown) => log.warn({ err: error }, 'the encoder is not ready'));
  const stop = async (): Promise<void> => {
    for (const worker of workers) if (worker.getState() === 'RUNNING') worker.shutdown();
    await Promise.all([stopRelay(), stopReconciler(), ...runs]);
    await Promise.all([encoder.close(), http.close(), temporal.connection.close()]);
  };
  return { temporalAnswers: () => answers(temporal.connection), stop };
}

const answers = (connection: NativeConnection): Promise<boolean> =>
  connection.withDeadline(Date.now() + PROBE_MS, () =>
    connection.workflowService.getSystemInfo({}).then(
      () => true,
      () => false,
    ),
  );
