import type { Database } from '../../db/database';
import { lockTask } from '../../db/tasks';
import { SYSTEM } from '../../domain/principal';
import { isTerminal } from '../../domain/task';
import type { TaskActivities } from '../../domain/workflows';
import type { GuardedHttp } from '../../lib/guarded-http';
import type { Seal } from '../../lib/seal';
import type { ApprovalLinks } from '../../lib/approval-links';
import { activity } from '../activity';
import type { SendMail } from '../mail';
import { askHuman } from './ask-human';
import type { BreakerLimits } from './breaker';
import { deliver } from './deliver';
import { endInTime } from './ends';
import { endAsReported } from './record-outcome';
import { progressOf } from './progress';

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
    deliverTask: activity('deliverTask', ({ taskId }, signal) => deliver(deps, { taskId }, signal)),
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
