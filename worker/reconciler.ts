import type { Database } from '../db/database';
import { lagging } from '../db/reconcile';
import { SYSTEM } from '../domain/principal';
import type { Logger } from '../lib/log';
import type { Gateway } from '../temporal/gateway';
import { every } from './every';

const PARALLEL = 20;

/**
 * Holds rows against workflows, at start and then each `intervalMs`: a row that has lagged for longer than `ageMs`
 * is signalled again, and at start every open row, so that what Temporal has lost is started anew from the facts.
 */
export function startReconciler(deps: {
  db: Database;
  gateway: Gateway;
  log: Logger;
  intervalMs: number;
  ageMs: number;
}): () => Promise<void> {
  const { db, gateway, log, intervalMs, ageMs } = deps;
  let first = true;
  return every({ ms: intervalMs, log, name: 'reconciler' }, async () => {
    const signals = await db.withTx(SYSTEM, (tx) => lagging(tx, { ageMs, all: first }));
    for (let at = 0; at < signals.length; at += PARALLEL) {
      await Promise.all(signals.slice(at, at + PARALLEL).map((signal) => gateway.send(signal)));
    }
    if (signals.length > 0) log.info({ count: signals.length, first }, 'reconciled');
    first = false;
  });
}
