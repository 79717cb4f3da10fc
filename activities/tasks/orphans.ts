import type { Database, Tx } from '../../db/database';
import { hasLeft, orphansOf } from '../../db/network-agents';
import { lockTask, transitionTask, wakeTask } from '../../db/tasks';
import type { Task } from '../../db/tasks';
import { SYSTEM } from '../../domain/principal';
import { endWithoutReceiver, isTerminal, RECEIVER_LEFT } from '../../domain/task';
import type { TaskProgress } from '../../domain/workflows';

/** Ends what is open for an agent of the network that has left; for any other agent nothing. */
export async function endOrphans(db: Database, agentId: string): Promise<void> {
  for (;;) {
    const ids = await db.withTx(SYSTEM, 'drain.find-orphans', (tx) => orphansOf(tx, agentId));
    if (ids.length === 0) return;
    for (const id of ids) {
      await db.withTx(SYSTEM, 'drain.end-orphan', async (tx) => {
        const task = await lockTask(tx, id);
        if (!isTerminal(task.status)) wakeTask(tx, await end(tx, task), 'taskEnded');
      });
    }
  }
}

/** Of a locked task that is open: its end, when its receiver left before it could be told; null: it is there. */
export async function endIfOrphan(tx: Tx, task: Task): Promise<TaskProgress | null> {
  if (!(await hasLeft(tx, task.toAgentId))) return null;
  return { kind: 'ended', status: (await end(tx, task)).status };
}

const end = (tx: Tx, task: Task): Promise<Task> =>
  transitionTask(tx, task, {
    path: [endWithoutReceiver(task.status)],
    actor: 'rules',
    notes: RECEIVER_LEFT,
  });
