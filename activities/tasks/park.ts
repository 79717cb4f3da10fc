import { parkTask } from '../../db/breakers';
import type { Tx } from '../../db/database';
import { sayTask } from '../../db/tasks';
import type { Task } from '../../db/tasks';
import type { TaskProgress } from '../../domain/workflows';
import { metrics } from '../../lib/metrics';
import { tellStep } from './ends';
import { progressOf } from './progress';

/** The agent is down: its monitor delivers the task, in its turn, when it is back. */
export async function park(tx: Tx, task: Task, agentName: string): Promise<TaskProgress> {
  if (await parkTask(tx, task.id)) {
    metrics.tasksParked.inc();
    await tellStep(tx, task, { state: 'now', text: `${agentName} is down and is asked when it is back` });
    await sayTask(tx, task);
  }
  return progressOf({ ...task, parkedAt: task.parkedAt ?? new Date().toISOString() });
}
