import type { Database } from '../../db/database';
import { lockTask } from '../../db/tasks';
import { SYSTEM } from '../../domain/principal';
import { isTerminal } from '../../domain/task';
import type { TaskActivities } from '../../domain/workflows';
import { failpoint } from '../../lib/failpoints';
import type { GuardedHttp } from '../../lib/guarded-http';
import type { Seal } from '../../lib/seal';
import type { ApprovalLinks } from '../../lib/approval-links';
import { activity } from '../activity';
import type { SendMail } from '../mail';
import { askHuman } from './ask-human';
import type { BreakerLimits } from './breaker';
import { endInTime } from './ends';
import { endAsReported } from './record-outcome';
import { openDelivery } from './open-delivery';
import { progressOf } from './progress';
import { makeCall, recordOutcome } from './record-outcome';

export interface TaskDeps {
  db: Database;
  http: GuardedHttp;
  seal: Seal;
  /** waits before each attempt but the first, whose entry is not waited; their count is the number of attempts */
  delaysMs: number[];
  invokeTimeoutMs: number;
  webhookTimeoutMs: number;
  /** where an agent that has answered 202 says what came of the task */
  callbackUrlOf: (taskId: string) => string;
  /** how long it has for that */
  callbackMs: number;
  breaker: BreakerLimits;
  links: ApprovalLinks;
  sendMail: SendMail;
}

export function createTaskActivities(deps: TaskDeps): TaskActivities {
  const { db } = deps;
  return {
    deliverTask: activity('deliverTask', async ({ taskId }, signal) => {
      const next = await db.withTx(SYSTEM, 'task.open-delivery', (tx) => openDelivery(tx, deps, taskId));
      if ('progress' in next) return next.progress;
      failpoint('delivery', 'before');
      const made = await makeCall(next.delivery, signal);
      failpoint('delivery', 'answered');
      return db.withTx(SYSTEM, 'task.record-outcome', (tx) => recordOutcome(tx, deps, made));
    }),
    askHuman: activity('askHuman', (input) => askHuman(deps, input)),
    expireTask: activity('expireTask', ({ taskId, asOf, undeliverable = false }) =>
      db.withTx(SYSTEM, 'task.expire', async (tx) => {
        const task = await lockTask(tx, taskId);
        if (isTerminal(task.status)) return progressOf(task);
        return (await endAsReported(tx, task)) ?? endInTime(tx, task, { asOf, undeliverable });
      }),
    ),
  };
}
