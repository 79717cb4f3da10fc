import type { Database } from '../db/database';
import { lagging, lastWakes, RECONCILED } from '../db/reconcile';
import type { Pass, Reconciled } from '../db/reconcile';
import { SYSTEM } from '../domain/principal';
import { failpoint } from '../lib/failpoints';
import type { Logger } from '../lib/log';
import type { Gateway } from '../temporal/gateway';
import { counted } from './counted';
import { every } from './every';

const PAGE = 200;
const PARALLEL = 20;

interface ReconcilerDeps {
  db: Database;
  gateway: Gateway;
  log: Logger;
  intervalMs: number;
  ageMs: number;
  idleMs: number;
}

/**
 * Holds rows against workflows, at start and then each `intervalMs`: a row that has lagged for longer than `ageMs`
 * is signalled again, and at start every open row, so that what Temporal has lost is started anew from the facts.
 * A signal that does not reach Temporal holds up no other and is sent again with the next pass.
 */
export function startReconciler(deps: ReconcilerDeps): () => Promise<void> {
  const { db, log, intervalMs, ageMs, idleMs } = deps;
  const left = new Map<string, Reconciled>();
  let start: Pass['start'];
  let first = true;
  return every({ ms: intervalMs, log, name: 'reconciler' }, async () => {
    // Read once: by another try at the first pass, new wakes would hide those of the run before.
    if (first) start ??= { wokenAfter: await db.withTx(SYSTEM, 'reconcile.last-wakes', lastWakes) };
    const pass = { ageMs, idleMs, ...(first && start !== undefined ? { start } : {}) };
    const unsent = [...left.values()];
    left.clear();
    await sendAll(deps, unsent, left);
    let count = unsent.length;
    for (const rows of RECONCILED) {
      for await (const signals of pages(db, rows, pass)) {
        await sendAll(deps, signals, left);
        count += signals.length;
      }
    }
    if (count > 0) log.info({ count, left: left.size, first }, 'reconciled');
    first = false;
  });
}

async function* pages(
  db: Database,
  rows: (typeof RECONCILED)[number],
  pass: Pass,
): AsyncGenerator<Reconciled[]> {
  let after = '';
  for (;;) {
    const page = { rows, after, limit: PAGE };
    const signals = await db.withTx(SYSTEM, 'reconcile.lagging', (tx) => lagging(tx, pass, page));
    yield signals;
    if (signals.length < PAGE) return;
    after = signals.at(-1)?.rowId ?? '';
  }
}

/** Sends each; what Temporal did not take is put into `left`. */
async function sendAll(
  { gateway, log }: ReconcilerDeps,
  signals: Reconciled[],
  left: Map<string, Reconciled>,
): Promise<void> {
  for (let at = 0; at < signals.length; at += PARALLEL) {
    failpoint('reconcile', 'before');
    await Promise.all(
      signals.slice(at, at + PARALLEL).map(({ rowId, ...signal }) =>
        counted('reconciler', gateway.send(signal)).then(
          () => failpoint('reconcile', 'sent'),
          (error: unknown) => {
            left.set(`${signal.workflowId} ${signal.signal ?? ''}`, { rowId, ...signal });
            log.warn({ err: error, workflow: signal.workflowId }, 'not reconciled; the next pass will');
          },
        ),
      ),
    );
  }
}
