import { findActiveAgent, getConnection, sealedKeys } from '../db/agents';
import type { Database, Tx } from '../db/database';
import { appendFrames } from '../db/events';
import { forgetIfErased } from '../db/erase';
import { messageOfTurn } from '../db/messages';
import { closeAttempt, countAttempts, lockTask, openAttempt, sayTask, transitionTask } from '../db/tasks';
import type { Task } from '../db/tasks';
import { getToolCall } from '../db/tool-calls';
import { sayStatus } from '../db/tool-status';
import type { ErrorCode } from '../domain/errors';
import { SYSTEM } from '../domain/principal';
import { isTerminal } from '../domain/task';
import type { TaskStatus } from '../domain/task';
import type { TaskActivities } from '../domain/workflows';
import { failpoint } from '../lib/failpoints';
import type { GuardedHttp } from '../lib/guarded-http';
import type { Seal } from '../lib/seal';
import { activity } from './activity';
import { capped } from './agent-text';
import { chatError, isAgentFault } from './chat-error';
import { invoke } from './agents/service-agent';
import type { AgentAddress, InvokeOutcome, InvokeRequest } from './agents/service-agent';
import { takePictures } from './pictures';

export interface TaskDeps {
  db: Database;
  http: GuardedHttp;
  seal: Seal;
  /** waits before each attempt but the first, whose entry is not waited; their count is the number of attempts */
  delaysMs: number[];
  invokeTimeoutMs: number;
}

type Delivery =
  { ended: TaskStatus } | { attempt: number; agent: AgentAddress; agentName: string; call: InvokeRequest };

export function createTaskActivities(deps: TaskDeps): TaskActivities {
  const { db, http } = deps;
  return {
    deliverTask: activity('deliverTask', async ({ taskId }, signal) => {
      const delivery = await db.withTx(SYSTEM, 'task.open-delivery', (tx) => openDelivery(tx, deps, taskId));
      if ('ended' in delivery) return { status: delivery.ended, retryInMs: null };
      failpoint('delivery', 'before');
      const outcome = await invoke(http, delivery.agent, {
        ...delivery.call,
        timeoutMs: deps.invokeTimeoutMs,
        signal,
      });
      failpoint('delivery', 'answered');
      return db.withTx(SYSTEM, 'task.record-outcome', (tx) =>
        recordOutcome(tx, deps, {
          taskId,
          attempt: delivery.attempt,
          agentName: delivery.agentName,
          outcome,
        }),
      );
    }),
    expireTask: activity('expireTask', async ({ taskId, asOf }) => {
      const ended = await db.withTx(SYSTEM, 'task.expire', async (tx) => {
        const task = await lockTask(tx, taskId);
        if (isTerminal(task.status)) return task.status;
        const expired = task.expiresAt <= asOf;
        return endTask(tx, task, {
          to: expired ? 'expired' : 'failed',
          code: expired ? 'agent_unavailable' : 'internal_error',
          message: expired ? 'Nobody ended the task in its time.' : 'The task could not be delivered.',
        });
      });
      return { status: ended };
    }),
  };
}

/** Claims the next attempt before the call is made, so that a call which may have been made is always counted. */
async function openDelivery(tx: Tx, deps: TaskDeps, taskId: string): Promise<Delivery> {
  const task = await lockTask(tx, taskId);
  if (isTerminal(task.status)) return { ended: task.status };
  if (task.expired) {
    return {
      ended: await endTask(tx, task, {
        to: 'expired',
        code: 'agent_unavailable',
        message: 'The task’s time ran out before the agent could answer.',
      }),
    };
  }
  if ((await countAttempts(tx, task.id)) >= deps.delaysMs.length)
    return { ended: await noAttemptLeft(tx, task) };
  const agent = await findActiveAgent(tx, task.toAgentId);
  if (agent === null) return { ended: await agentGone(tx, task) };
  const keys = await sealedKeys(tx, agent.id);
  return {
    attempt: await openAttempt(tx, task),
    agentName: agent.name,
    agent: {
      baseUrl: agent.baseUrl,
      orchestratorKey: deps.seal.open(keys.orchestratorKey),
      signingSecret: deps.seal.open(keys.signingSecret),
    },
    call: {
      taskId: task.id,
      sessionId: task.sessionId ?? task.id,
      action: task.action,
      arguments: task.arguments,
      userMessage: task.turnId === null ? '' : await messageOfTurn(tx, task.turnId),
      deadlineAt: task.expiresAt,
    },
  };
}

async function recordOutcome(
  tx: Tx,
  { delaysMs }: TaskDeps,
  done: { taskId: string; attempt: number; agentName: string; outcome: InvokeOutcome },
): Promise<{ status: TaskStatus; retryInMs: number | null }> {
  const { outcome, attempt } = done;
  const task = await lockTask(tx, done.taskId);
  await closeAttempt(tx, task.id, {
    attempt,
    httpStatus: outcome.httpStatus,
    outcome: outcome.kind,
    head: outcome.head,
  });
  if (isTerminal(task.status)) {
    if (task.sessionId !== null) await forgetIfErased(tx, task.sessionId);
    return { status: task.status, retryInMs: null };
  }
  switch (outcome.kind) {
    case 'completed': {
      const { output, pictures } = takePictures(outcome.output, await schemaOf(tx, task));
      await transitionTask(tx, task.id, {
        to: 'completed',
        actor: 'agent',
        result: capped(output),
        pictures,
      });
      await tellStep(tx, task, { state: 'done', text: `${done.agentName} did the work: ${task.action}` });
      return { status: 'completed', retryInMs: null };
    }
    case 'failed':
      return {
        status: await endTask(tx, task, { to: 'failed', code: 'agent_refused', message: outcome.message }),
        retryInMs: null,
      };
    case 'retry': {
      const wait = delaysMs[attempt];
      if (wait === undefined) return { status: await noAttemptLeft(tx, task), retryInMs: null };
      const jitter = wait * 0.2 * Math.random();
      const retryInMs = Math.max(Math.round(wait + jitter), outcome.retryAfterMs ?? 0);
      await tellStep(tx, task, {
        state: 'now',
        text: `${done.agentName} could not answer and is asked again`,
      });
      const next = Math.min(Date.now() + retryInMs, Date.parse(task.expiresAt));
      await sayTask(tx, task, { next_attempt_at: new Date(next).toISOString() });
      return { status: task.status, retryInMs };
    }
  }
}

/** The schema of the action's answers, as it was when the chat connected to the agent. */
async function schemaOf(tx: Tx, { sessionId, toAgentId, action }: Task): Promise<Record<string, unknown>> {
  const connection = sessionId === null ? null : await getConnection(tx, sessionId, toAgentId);
  return connection?.offer.actions.find(({ name }) => name === action)?.output_schema ?? {};
}

const noAttemptLeft = (tx: Tx, task: Task): Promise<TaskStatus> =>
  endTask(tx, task, {
    to: 'failed',
    code: 'agent_unavailable',
    message: 'The agent could not be reached in all its attempts.',
  });

/** Deleted, rejected, or moved to an address that nobody has reviewed yet. */
const agentGone = (tx: Tx, task: Task): Promise<TaskStatus> =>
  endTask(tx, task, {
    to: 'failed',
    code: 'agent_unavailable',
    message: 'The agent is not listed any more.',
  });

async function endTask(
  tx: Tx,
  task: Task,
  { to, code, message }: { to: 'failed' | 'expired'; code: ErrorCode; message: string },
): Promise<TaskStatus> {
  await transitionTask(tx, task.id, { to, actor: 'delivery', error: { code, message } });
  const money = task.paymentId === null ? '' : ' What was held comes back to you.';
  await tellStep(tx, task, { state: 'failed', text: `${message}${money}` });
  const { sessionId, turnId, userId } = task;
  if (isAgentFault(code) && sessionId !== null && turnId !== null) {
    await appendFrames(tx, { id: sessionId, userId }, [chatError({ code, message, turnId })]);
  }
  return to;
}

async function tellStep(
  tx: Tx,
  task: Task,
  { state, text }: { state: 'now' | 'done' | 'failed'; text: string },
): Promise<void> {
  if (task.toolCallId === null) return;
  await sayStatus(tx, await getToolCall(tx, task.toolCallId), {
    state,
    text,
    agent_id: task.toAgentId,
    task_id: task.id,
  });
}
