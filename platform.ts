import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { createApi } from './api/app';
import { holdAlone } from './db/alone';
import { createDatabase } from './db/database';
import type { Database } from './db/database';
import { migrate } from './db/migrate';
import { letGo } from './db/outbox';
import { createPool } from './db/pool';
import { SYSTEM } from './domain/principal';
import { createMemoryBus } from './lib/bus';
import { loadConfig } from './lib/config';
import type { Config } from './lib/config';
import { armFailpoint } from './lib/failpoints';
import { createLogger } from './lib/log';
import type { Logger } from './lib/log';
import { countCommitted, observePool } from './lib/metrics';
import { createRedisBus } from './lib/redis-bus';
import { startTraces } from './lib/telemetry';
import { createDispatch } from './worker/dispatch';
import { startWorker } from './worker/start';
import type { RunningWorker } from './worker/start';

/** The platform process: API and worker together. Its settings come by the environment (lib/config.ts). */
async function startPlatform(
  config: Config,
  log: Logger,
  fail: (error: unknown) => void,
): Promise<() => Promise<void>> {
  const { DATABASE_URL, TEMPORAL_ADDRESS, MOORING_SECRET: secret } = config;
  if (DATABASE_URL === undefined || TEMPORAL_ADDRESS === undefined || secret === undefined) {
    throw new Error('the platform process needs DATABASE_URL, TEMPORAL_ADDRESS and MOORING_SECRET');
  }
  await migrate(DATABASE_URL);
  const leave = config.REDIS_URL === undefined ? await holdAlone(DATABASE_URL) : null;
  const bus = config.REDIS_URL === undefined ? createMemoryBus() : createRedisBus(config.REDIS_URL, log);
  const pool = createPool(DATABASE_URL);
  const dispatch = createDispatch({ log, callersWait: () => pool.waitingCount > 0 });
  observePool(pool);
  const db = createDatabase({
    pool,
    region: config.MOORING_REGION,
    onCommit: ({ signals, frames, cancelled }) => {
      countCommitted(frames);
      for (const frame of frames) bus.publish(frame.session_id, { kind: 'logged', frame });
      for (const { sessionId, turnId } of cancelled) bus.publish(sessionId, { kind: 'cancelled', turnId });
      dispatch.send(signals);
    },
  });
  if (leave !== null) await db.withTx(SYSTEM, 'outbox.let-go', letGo);
  let worker: RunningWorker | null = null;
  const webRoot = join(__dirname, 'web');
  const api = createApi({
    config,
    secret,
    db,
    bus,
    log,
    ready: () => whatIsMissing(db, worker),
    webRoot: existsSync(join(webRoot, 'index.html')) ? webRoot : null,
  });
  // Messages are accepted from here on; their turns run when the worker is up.
  await new Promise<void>((resolve, reject) => {
    api.server.once('error', reject);
    api.server.listen(config.MOORING_PORT, config.MOORING_HOST, resolve);
  });
  worker = await startWorker({
    config,
    secret,
    temporalAddress: TEMPORAL_ADDRESS,
    db,
    bus,
    log,
    dispatch,
    onFailure: fail,
  });
  log.info({ port: config.MOORING_PORT }, 'ready');

  return async () => {
    await api.close();
    // What is under way is sent while there is a way to Temporal; then what the last activities have sent.
    for (const end of [dispatch.end, () => worker?.stop(), dispatch.end]) await end();
    await bus.close();
    await db.close();
    await leave?.();
  };
}

const LOOPBACK =
  'agents at this machine may be called (MOORING_ALLOW_LOOPBACK): for development only; set it to false in production';

/** The parts that this process cannot work without and that do not answer now. */
async function whatIsMissing(db: Database, worker: RunningWorker | null): Promise<string[]> {
  const [postgres, temporal] = await Promise.all([
    db
      .withTx(SYSTEM, 'platform.ready', (tx) => tx.query('select 1'))
      .then(
        () => true,
        () => false,
      ),
    worker?.temporalAnswers() ?? false,
  ]);
  return [
    ...(postgres ? [] : ['postgres']),
    ...(worker === null ? ['worker'] : []),
    ...(temporal ? [] : ['temporal']),
  ];
}

const STOP_WITHIN_MS = 4_500;

async function main(): Promise<void> {
  const config = loadConfig();
  const log = createLogger(config.MOORING_LOG_LEVEL);
  armFailpoint(config.MOORING_FAILPOINT);
  if (config.MOORING_ALLOW_LOOPBACK) log.warn(LOOPBACK);
  const endpoint = config.OTEL_EXPORTER_OTLP_ENDPOINT;
  const stopTraces = endpoint === undefined ? null : await startTraces(endpoint, log);
  let stop: (() => Promise<void>) | null = null;
  let stopped = false;
  const end = (code: number): void => {
    if (stopped) return;
    stopped = true;
    setTimeout(() => process.exit(1), STOP_WITHIN_MS).unref();
    const clean = async (): Promise<void> => {
      await stop?.();
      await stopTraces?.();
    };
    clean().then(
      () => process.exit(code),
      (error: unknown) => {
        log.error({ err: error }, 'the stop was not clean');
        process.exit(1);
      },
    );
  };
  process.on('SIGTERM', () => end(0));
  process.on('SIGINT', () => end(0));
  stop = await startPlatform(config, log, (error) => {
    log.fatal({ err: error }, 'a worker has failed; the process ends, to be started anew');
    end(1);
  });
}

main().catch((error: unknown) => {
  console.error(error);
  process.exit(1);
});
