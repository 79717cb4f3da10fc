import { keepFirst } from '../../db/outbox';
import { SYSTEM } from '../../domain/principal';
import type { TaskProgress } from '../../domain/workflows';
import { failpoint } from '../../lib/failpoints';
import type { TaskDeps } from './activities';
import { openDelivery } from './open-delivery';
import { makeCall, recordOutcome } from './record-outcome';

/**
 * One attempt: claimed, made, recorded, whoever makes it: the task's run, or the platform right after the commit
 * (`startId`: the outbox row of the start, which keeps the wait until the next attempt).
 */
export async function deliver(
  deps: TaskDeps,
  { taskId, startId }: { taskId: string; startId?: string },
  signal: AbortSignal,
): Promise<TaskProgress> {
  const { db } = deps;
  const next = await db.withTx(SYSTEM, 'task.open-delivery', (tx) => openDelivery(tx, deps, taskId));
  if ('progress' in next) return next.progress;
  failpoint('delivery', 'before');
  const made = await makeCall(next.delivery, signal);
  failpoint('delivery', 'answered');
  return db.withTx(SYSTEM, 'task.record-outcome', async (tx) => {
    const progress = await recordOutcome(tx, deps, made);
    if (startId !== undefined && progress.kind === 'retry') await keepFirst(tx, startId, progress);
    return progress;
  });
}
