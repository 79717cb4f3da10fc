import type { Database } from '../db/database';
import { forgetOldAnswers } from '../db/idempotency';
import { forgetOldMails } from '../db/mails';
import { forgetSent, markSent, takeUnsent, unsent } from '../db/outbox';
import { SYSTEM } from '../domain/principal';
import { failpoint } from '../lib/failpoints';
import type { Logger } from '../lib/log';
import { metrics } from '../lib/metrics';
import type { Gateway } from '../temporal/gateway';
import { counted } from './counted';
import { every } from './every';

const BATCH = 50;
const FORGET_MS = 300_000;

/**
 * Sends what a crash left behind: signals that are unsent for longer than `ageMs`. Several relays skip each other's
 * rows; a row sent twice is harmless (see the rules of the outbox in docs/architecture.md).
 */
export function startRelay(deps: {
  db: Database;
  gateway: Gateway;
  log: Logger;
  ageMs: number;
  /** what this process is still about to send itself */
  held: () => string[];
}): () => Promise<void> {
  const { db, gateway, log, ageMs, held } = deps;
  let forgotAt = 0;
  return every({ ms: 1_000, log, name: 'relay' }, async () => {
    for (;;) {
      const count = await db.withTx(SYSTEM, 'outbox.relay', async (tx) => {
        const signals = await takeUnsent(tx, { ageMs, held: held(), limit: BATCH });
        if (signals.length > 0) failpoint('relay', 'before');
        const results = await Promise.allSettled(
          signals.map((signal) => counted('relay', gateway.send(signal))),
        );
        if (signals.length > 0) failpoint('relay', 'sent');
        const sent = signals.filter((_, index) => results[index]?.status === 'fulfilled');
        await markSent(
          tx,
          sent.map(({ id }) => id),
        );
        const { count: left, oldestSeconds } = await unsent(tx);
        metrics.outboxUnsent.set(left);
        metrics.outboxOldest.set(oldestSeconds);
        if (sent.length > 0) log.info({ count: sent.length }, 'the relay sent what was left behind');
        return sent.length === BATCH ? BATCH : 0;
      });
      if (count < BATCH) break;
    }
    if (Date.now() - forgotAt < FORGET_MS) return;
    forgotAt = Date.now();
    await db.withTx(SYSTEM, 'outbox.forget', async (tx) => {
      await forgetSent(tx);
      await forgetOldAnswers(tx);
      await forgetOldMails(tx);
    });
  });
}
