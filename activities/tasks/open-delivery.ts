import { findActiveAgent, sealedKeys } from '../../db/agents';
import type { Tx } from '../../db/database';
import { findEndpoint } from '../../db/endpoints';
import { messageOfTurn } from '../../db/messages';
import { getNetworkTask } from '../../db/network-tasks';
import { countAttempts, lockTask, markTaskSeen, openAttempt, transitionTask } from '../../db/tasks';
import type { Task } from '../../db/tasks';
import { isTerminal } from '../../domain/task';
import type { TaskProgress } from '../../domain/workflows';
import { invoke } from '../agents/service-agent';
import type { InvokeOutcome } from '../agents/service-agent';
import { notifyAgent } from '../agents/webhook';
import type { NotifyOutcome } from '../agents/webhook';
import type { TaskDeps } from './activities';
import { agentGone, endByPlatform, noAttemptLeft } from './ends';
import { progressOf } from './progress';

/** What one attempt came to, at whichever kind of agent. */
export type Outcome = InvokeOutcome | NotifyOutcome;

type Next =
  | { progress: TaskProgress }
  | { attempt: number; agentName: string; send: (signal: AbortSignal) => Promise<Outcome> };

/** Claims the next attempt before the call is made, so that a call which may have been made is always counted. */
export async function openDelivery(tx: Tx, deps: TaskDeps, taskId: string): Promise<Next> {
  const task = await lockTask(tx, taskId);
  await markTaskSeen(tx, task);
  if (isTerminal(task.status)) return { progress: progressOf(task) };
  if (task.expired) {
    const progress = await endByPlatform(tx, task, {
      to: 'expired',
      code: 'agent_unavailable',
      message: 'The task’s time ran out before the agent could answer.',
    });
    return { progress };
  }
  if (!isToBeTold(task)) return { progress: progressOf(task) };
  if ((await countAttempts(tx, task.id)) >= deps.delaysMs.length) {
    return { progress: await noAttemptLeft(tx, task) };
  }
  return task.action === null ? openWebhook(tx, deps, task) : openInvocation(tx, deps, task);
}

/** A chat's task is the call itself; an agent of the network is told once that there is one for it. */
const isToBeTold = ({ action, status }: Task): boolean =>
  action === null ? status === 'pending_delivery' : status === 'in_progress';

async function openInvocation(tx: Tx, deps: TaskDeps, task: Task): Promise<Next> {
  const agent = await findActiveAgent(tx, task.toAgentId);
  if (agent === null) return { progress: await agentGone(tx, task) };
  const keys = await sealedKeys(tx, agent.id);
  const address = {
    baseUrl: agent.baseUrl,
    orchestratorKey: deps.seal.open(keys.orchestratorKey),
    signingSecret: deps.seal.open(keys.signingSecret),
  };
  const call = {
    taskId: task.id,
    sessionId: task.sessionId ?? task.id,
    action: task.action ?? '',
    arguments: task.arguments ?? {},
    userMessage: task.turnId === null ? '' : await messageOfTurn(tx, task.turnId),
    deadlineAt: task.expiresAt,
    timeoutMs: deps.invokeTimeoutMs,
  };
  return {
    attempt: await openAttempt(tx, task),
    agentName: agent.name,
    send: (signal) => invoke(deps.http, address, { ...call, signal }),
  };
}

async function openWebhook(tx: Tx, deps: TaskDeps, task: Task): Promise<Next> {
  const endpoint = await findEndpoint(tx, task.toAgentId);
  if (endpoint === null) {
    // It was taken away since: the agent looks for its tasks itself.
    const waits = await transitionTask(tx, task, { path: ['pending_accept'], actor: 'delivery' });
    return { progress: progressOf(waits) };
  }
  const attempt = await openAttempt(tx, task);
  const notice = {
    task: await getNetworkTask(tx, task.id),
    attempt,
    url: endpoint.url,
    secrets: endpoint.secrets.map(({ sealed }) => deps.seal.open(sealed)),
    timeoutMs: deps.webhookTimeoutMs,
  };
  return { attempt, agentName: '', send: (signal) => notifyAgent(deps.http, { ...notice, signal }) };
}
