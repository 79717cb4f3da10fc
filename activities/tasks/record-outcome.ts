import { getConnection } from '../../db/agents';
import type { Tx } from '../../db/database';
import { forgetIfErased } from '../../db/erase';
import { closeAttempt, lockTask, sayTask, transitionTask } from '../../db/tasks';
import type { Task } from '../../db/tasks';
import { isTerminal } from '../../domain/task';
import type { TaskProgress } from '../../domain/workflows';
import { capped } from '../agent-text';
import { takePictures } from '../pictures';
import type { TaskDeps } from './activities';

import { endByPlatform, noAttemptLeft, tellStep } from './ends';
import type { Outcome } from './open-delivery';
import { progressOf } from './progress';

interface Done {
  taskId: string;
  attempt: number;
  agentName: string;
  outcome: Outcome;
  latencyMs: number;
}

/** Records what an attempt came to, and moves the task on as it says. */
export async function recordOutcome(tx: Tx, { delaysMs }: TaskDeps, done: Done): Promise<TaskProgress> {
  const { outcome, attempt, latencyMs } = done;
  const task = await lockTask(tx, done.taskId);
  await closeAttempt(tx, task.id, {
    attempt,
    httpStatus: outcome.httpStatus,
    outcome: outcome.kind,
    head: outcome.head,
    latencyMs,
  });
  if (isTerminal(task.status)) {
    if (task.sessionId !== null) await forgetIfErased(tx, task.sessionId);
    return progressOf(task);
  }
  switch (outcome.kind) {
    case 'completed': {
      const { output, pictures } = takePictures(outcome.output, await schemaOf(tx, task));
      const ended = await transitionTask(tx, task, {
        path: ['completed'],
        actor: 'agent',
        result: capped(output),
        pictures,
      });
      await tellStep(tx, task, {
        state: 'done',
        text: `${done.agentName} did the work: ${task.action ?? ''}`,
      });
      return progressOf(ended);
    }
    case 'delivered':
      // It may have been found in the inbox while it was on its way.
      if (task.status !== 'pending_delivery') return progressOf(task);
      return progressOf(await transitionTask(tx, task, { path: ['delivered'], actor: 'delivery' }));
    case 'failed':
      if (task.action === null && task.status !== 'pending_delivery') return progressOf(task);
      return endByPlatform(tx, task, { to: 'failed', code: 'agent_refused', message: outcome.message });
    case 'retry': {
      if (task.action === null && task.status !== 'pending_delivery') return progressOf(task);
      const wait = delaysMs[attempt];
      if (wait === undefined) return noAttemptLeft(tx, task);
      const jitter = wait * 0.2 * Math.random();
      const inMs = Math.max(Math.round(wait + jitter), outcome.retryAfterMs ?? 0);
      await tellStep(tx, task, {
        state: 'now',
        text: `${done.agentName} could not answer and is asked again`,
      });
      const next = Math.min(Date.now() + inMs, Date.parse(task.expiresAt));
      await sayTask(tx, task, { next_attempt_at: new Date(next).toISOString() });
      return { kind: 'retry', inMs, seen: task.wakeVersion };
    }
  }
}

/** The schema of the action's answers, as it was when the chat connected to the agent. */
async function schemaOf(tx: Tx, { sessionId, toAgentId, action }: Task): Promise<Record<string, unknown>> {
  const connection = sessionId === null ? null : await getConnection(tx, sessionId, toAgentId);
  return connection?.offer.actions.find(({ name }) => name === action)?.output_schema ?? {};
}
