import { getConnection } from '../../db/agents';
import type { Tx } from '../../db/database';
import { forgetIfErased } from '../../db/erase';
import { closeAttempt, countAttempts, openAttempt } from '../../db/attempts';
import { agentName } from '../../db/breakers';
import { awaitCallback, findCallback } from '../../db/callbacks';
import { priceOfTask } from '../../db/payments';
import { lockTask, sayTask, transitionTask } from '../../db/tasks';
import type { Task } from '../../db/tasks';
import { formatUsdc } from '../../domain/money';
import { isTerminal } from '../../domain/task';
import type { TaskProgress } from '../../domain/workflows';
import { capped } from '../agent-text';
import { head } from '../agents/answers';
import { judgeAnswer } from '../agents/service-agent';
import { takePictures } from '../pictures';
import type { TaskDeps } from './activities';
import { judgeEndpoint } from './breaker';
import type { Verdict } from './breaker';
import { endByPlatform, expireLate, noAttemptLeft, tellStep } from './ends';
import type { Delivery, Outcome } from './open-delivery';
import { park } from './park';
import { progressOf } from './progress';

type Completed = Extract<Outcome, { kind: 'completed' }>;

type Done = Omit<Delivery, 'send'> & { outcome: Outcome; latencyMs: number };

export async function makeCall({ send, ...call }: Delivery, signal: AbortSignal): Promise<Done> {
  const startedAt = performance.now();
  const outcome = await send(signal);
  // A call that we cut off ourselves says nothing about its agent.
  if (outcome.kind === 'retry') signal.throwIfAborted();
  return { ...call, outcome, latencyMs: Math.round(performance.now() - startedAt) };
}

/** Records what a call came to, and moves the task on as it says. */
export async function recordOutcome(tx: Tx, deps: TaskDeps, done: Done): Promise<TaskProgress> {
  const { outcome, attempt, latencyMs } = done;
  const task = await lockTask(tx, done.taskId);
  closeAttempt(tx, task.id, {
    attempt,
    httpStatus: outcome.httpStatus,
    outcome: outcome.kind,
    head: outcome.head,
    latencyMs,
  });
  const verdict = await judgeEndpoint(tx, deps.breaker, done);
  if (isTerminal(task.status)) {
    if (task.sessionId !== null) await forgetIfErased(tx, task.sessionId);
    return progressOf(task);
  }
  // What came too late does not count, as on every other way.
  if (task.expired) return (await endAsReported(tx, task)) ?? expireLate(tx, task);
  // It may have been found in the inbox while it was on its way.
  if (task.action === null && task.status !== 'pending_delivery') return progressOf(task);
  switch (outcome.kind) {
    case 'accepted': {
      const reported = await endAsReported(tx, task);
      return reported ?? promise(tx, deps, { task, agentName: done.agentName });
    }
    case 'completed':
      return complete(tx, task, { outcome, agentName: done.agentName });
    case 'delivered':
      return progressOf(await transitionTask(tx, task, { path: ['delivered'], actor: 'delivery' }));
    case 'failed':
      return endByPlatform(tx, task, { to: 'failed', code: outcome.code, message: outcome.message });
    case 'retry':
      return goOn(tx, deps, { task, verdict, agentName: done.agentName, retryAfterMs: outcome.retryAfterMs });
  }
}

async function complete(
  tx: Tx,
  task: Task,
  { outcome, agentName }: { outcome: Completed; agentName: string },
): Promise<TaskProgress> {
  const { chargeMicros } = outcome;
  const price = await priceOfTask(tx, task);
  if (chargeMicros !== null && chargeMicros > price) {
    const message = `The agent charged ${formatUsdc(chargeMicros)} USDC, more than the agreed ${formatUsdc(price)}.`;
    return endByPlatform(tx, task, { to: 'failed', code: 'agent_bad_answer', message });
  }
  const { output, pictures } = takePictures(outcome.output, await schemaOf(tx, task));
  const ended = await transitionTask(tx, task, {
    path: ['completed'],
    actor: 'agent',
    result: capped(output),
    pictures,
    ...(chargeMicros === null || chargeMicros === price ? {} : { chargeMicros }),
  });
  await tellStep(tx, task, { state: 'done', text: `${agentName} did the work: ${task.action ?? ''}` });
  return progressOf(ended);
}

/** The agent has taken the work: it says later what came of it. */
async function promise(
  tx: Tx,
  { callbackMs }: TaskDeps,
  { task, agentName }: { task: Task; agentName: string },
): Promise<TaskProgress> {
  const until = await awaitCallback(tx, task.id, callbackMs);
  await tellStep(tx, task, { state: 'now', text: `${agentName} works and reports when it is done` });
  await sayTask(tx, task);
  return { kind: 'promised', until, seen: task.wakeVersion };
}

/** What the agent has said by its callback is the end of its task, and written down as its call; null: it has said nothing. */
export async function endAsReported(tx: Tx, task: Task): Promise<TaskProgress | null> {
  if (task.action === null || task.status !== 'in_progress') return null;
  const callback = await findCallback(tx, task.id);
  if (callback === null) return null;
  const said = { httpStatus: null, head: head(JSON.stringify(callback.body)) };
  const outcome = judgeAnswer(callback.body, said);
  const attempt = await openAttempt(tx, task, 'callback');
  closeAttempt(tx, task.id, { attempt, outcome: outcome.kind, latencyMs: 0, ...said });
  if (outcome.kind === 'failed') {
    return endByPlatform(tx, task, { to: 'failed', code: outcome.code, message: outcome.message });
  }
  return complete(tx, task, { outcome, agentName: await agentName(tx, task.toAgentId) });
}

/** After a call that came to nothing: another attempt, a wait until the agent is back, or the end. */
async function goOn(
  tx: Tx,
  { delaysMs }: TaskDeps,
  failed: { task: Task; verdict: Verdict; agentName: string; retryAfterMs: number | null },
): Promise<TaskProgress> {
  const { task, verdict, agentName } = failed;
  const wait = delaysMs[await countAttempts(tx, task.id)];
  switch (verdict) {
    case 'give up':
      return endByPlatform(tx, task, {
        to: 'failed',
        code: 'agent_unavailable',
        message: 'The agent could not take this task, though it took others.',
      });
    case 'park':
      if (task.parkedAt !== null) return progressOf(task);
      return wait === undefined ? noAttemptLeft(tx, task) : park(tx, task, agentName);
    case 'again': {
      if (wait === undefined) return noAttemptLeft(tx, task);
      const jitter = wait * 0.2 * Math.random();
      const inMs = Math.max(Math.round(wait + jitter), failed.retryAfterMs ?? 0);
      await tellStep(tx, task, { state: 'now', text: `${agentName} could not answer and is asked again` });
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
