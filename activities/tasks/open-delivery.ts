import { findActiveAgent, sealedKeys } from '../../db/agents';
import { countAttempts, openAttempt } from '../../db/attempts';
import { isShut } from '../../db/breakers';
import { isApproved } from '../../db/confirmations';
import type { Tx } from '../../db/database';
import { findEndpoint } from '../../db/endpoints';
import { messageOfTurn } from '../../db/messages';
import { getNetworkTask } from '../../db/network-tasks';
import { lockTask, markTaskSeen, transitionTask } from '../../db/tasks';
import type { Task } from '../../db/tasks';
import { isTerminal, needsHuman } from '../../domain/task';
import type { AttemptKind } from '../../domain/task';
import type { TaskProgress } from '../../domain/workflows';
import { invoke } from '../agents/service-agent';
import type { InvokeOutcome } from '../agents/service-agent';
import { notifyAgent } from '../agents/webhook';
import type { NotifyOutcome } from '../agents/webhook';
import type { TaskDeps } from './activities';
import { endAsReported } from './record-outcome';
import { agentGone, changedSinceApproved, expireLate, noAttemptLeft } from './ends';
import { endIfOrphan } from './orphans';
import { park } from './park';
import { isToBeTold, progressOf } from './progress';

/** What one attempt came to, at whichever kind of agent. */
export type Outcome = InvokeOutcome | NotifyOutcome;

/** A call that is written down and still to be made. */
export interface Delivery {
  taskId: string;
  agentId: string;
  attempt: number;
  kind: Exclude<AttemptKind, 'callback'>;
  agentName: string;
  send: (signal: AbortSignal) => Promise<Outcome>;
}

export type Next = { progress: TaskProgress } | { delivery: Delivery };

/** Claims the next attempt before the call is made, so that a call which may have been made is always counted. */
export async function openDelivery(tx: Tx, deps: TaskDeps, taskId: string): Promise<Next> {
  // One after the other in one round trip: what is counted is counted under the lock.
  const [task, attempts] = await Promise.all([lockTask(tx, taskId), countAttempts(tx, taskId)]);
  await markTaskSeen(tx, task);
  if (isTerminal(task.status)) return { progress: progressOf(task) };
  const reported = await endAsReported(tx, task);
  if (reported !== null) return { progress: reported };
  if (task.expired) return { progress: await expireLate(tx, task) };
  if (!isToBeTold(task)) {
    const orphan = task.status === 'pending_accept' ? await endIfOrphan(tx, task) : null;
    return { progress: orphan ?? progressOf(task) };
  }
  if (attempts >= deps.delaysMs.length) return { progress: await noAttemptLeft(tx, task) };
  return open(tx, deps, { task, kind: 'attempt' });
}

/** Of a locked task that was parked: the monitor's call, which counts against nothing. */
export async function openParked(
  tx: Tx,
  deps: TaskDeps,
  { task, kind }: { task: Task; kind: 'probe' | 'drained' },
): Promise<Next> {
  if (task.expired) return { progress: await expireLate(tx, task) };
  return open(tx, deps, { task, kind });
}

interface Call {
  task: Task;
  kind: Delivery['kind'];
}

const open = (tx: Tx, deps: TaskDeps, call: Call): Promise<Next> =>
  call.task.action === null ? openWebhook(tx, deps, call) : openInvocation(tx, deps, call);

/** Only the monitor calls an agent whose breaker is not closed. */
const mustWait = async (tx: Tx, { task, kind }: Call): Promise<boolean> =>
  kind === 'attempt' && (await isShut(tx, task.toAgentId));

async function openInvocation(tx: Tx, deps: TaskDeps, { task, kind }: Call): Promise<Next> {
  if (needsHuman(task.riskLevel) && !(await isApproved(tx, task.id))) {
    return { progress: await changedSinceApproved(tx, task) };
  }
  const agent = await findActiveAgent(tx, task.toAgentId);
  if (agent === null) return { progress: await agentGone(tx, task) };
  if (await mustWait(tx, { task, kind })) return { progress: await park(tx, task, agent.name) };
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
    callbackUrl: deps.callbackUrlOf(task.id),
    timeoutMs: deps.invokeTimeoutMs,
  };
  return {
    delivery: {
      taskId: task.id,
      agentId: task.toAgentId,
      attempt: await openAttempt(tx, task, kind),
      kind,
      agentName: agent.name,
      send: (signal) => invoke(deps.http, address, { ...call, signal }),
    },
  };
}

async function openWebhook(tx: Tx, deps: TaskDeps, { task, kind }: Call): Promise<Next> {
  const [endpoint, waits] = await Promise.all([
    findEndpoint(tx, task.toAgentId),
    mustWait(tx, { task, kind }),
  ]);
  if (endpoint === null) {
    const orphan = await endIfOrphan(tx, task);
    if (orphan !== null) return { progress: orphan };
    // It was taken away since: the agent looks for its tasks itself.
    const moved = await transitionTask(tx, task, { path: ['pending_accept'], actor: 'delivery' });
    return { progress: progressOf(moved) };
  }
  // It belongs to no chat in which its agent would be named.
  const agentName = '';
  if (waits) return { progress: await park(tx, task, agentName) };
  const [attempt, told] = await Promise.all([openAttempt(tx, task, kind), getNetworkTask(tx, task.id)]);
  const notice = {
    task: told,
    attempt,
    url: endpoint.url,
    secrets: endpoint.secrets.map(({ sealed }) => deps.seal.open(sealed)),
    timeoutMs: deps.webhookTimeoutMs,
  };
  return {
    delivery: {
      taskId: task.id,
      agentId: task.toAgentId,
      attempt,
      kind,
      agentName,
      send: (signal) => notifyAgent(deps.http, { ...notice, signal }),
    },
  };
}
