import type { NetworkTask } from '../../db/network-tasks';
import { MooringError } from '../../domain/errors';
import type { ErrorCode } from '../../domain/errors';
import { needsHuman } from '../../domain/task';
import type { GuardedHttp } from '../../lib/guarded-http';
import { isPage, webhookHeaders } from '../../lib/signed-webhook';
import { whyCut, whyUnreachable } from '../../lib/unreachable';
import { head, judgeStatus, retryAfterMs } from './answers';

/** What telling an agent of its task came to. `retryAfterMs` null: told again by the platform's own schedule. */
export type NotifyOutcome =
  | { kind: 'delivered'; httpStatus: number; head: string }
  | {
      kind: 'failed';
      httpStatus: number | null;
      code: ErrorCode;
      message: string;
      head: string;
      broken: boolean;
    }
  | { kind: 'retry'; httpStatus: number | null; retryAfterMs: number | null; head: string };

interface Notice {
  task: NetworkTask;
  attempt: number;
  url: string;
  /** the newest first; each signs */
  secrets: string[];
  timeoutMs: number;
  signal: AbortSignal;
}

/** What of an answer is read; it says nothing that is used. */
const MAX_ANSWER = 64 * 1024;

/**
 * Tells an agent of the network that there is a task for it: signed, with the task's id as its webhook id and its
 * idempotency key on every attempt. Never throws.
 */
export async function notifyAgent(http: GuardedHttp, notice: Notice): Promise<NotifyOutcome> {
  const { task, url, timeoutMs, signal } = notice;
  const body = JSON.stringify({ event: 'task.created', task: shown(task) });
  try {
    const answer = await http.request(url, {
      method: 'POST',
      headers: webhookHeaders(body, { event: 'task.created', id: task.id, ...notice }),
      body,
      timeoutMs,
      maxBytes: MAX_ANSWER,
      signal,
    });
    const seen = { httpStatus: answer.status, head: head(answer.body) };
    switch (judgeStatus(answer.status)) {
      case 'good':
        if (answer.cut !== null) {
          const why = whyCut(answer.cut, { timeoutMs, maxBytes: MAX_ANSWER });
          return { kind: 'retry', retryAfterMs: null, ...seen, head: head(`${why}: ${answer.body}`) };
        }
        if (isPage(answer.body)) {
          const said = `It answered with a page: ${answer.body}`;
          return { kind: 'retry', retryAfterMs: null, ...seen, head: head(said) };
        }
        return { kind: 'delivered', ...seen };
      case 'retry':
        return { kind: 'retry', retryAfterMs: retryAfterMs(answer), ...seen };
      case 'final':
        return {
          kind: 'failed',
          code: 'agent_refused',
          message: `The agent’s webhook answered HTTP ${answer.status}.`,
          broken: false,
          ...seen,
        };
    }
  } catch (error) {
    if (error instanceof MooringError && error.code === 'address_blocked') {
      const { code, message } = error;
      return { kind: 'failed', httpStatus: null, code, message, head: head(message), broken: true };
    }
    const why = error instanceof MooringError ? error.message : whyUnreachable(error, timeoutMs);
    return { kind: 'retry', httpStatus: null, retryAfterMs: null, head: head(why) };
  }
}

const shown = (task: NetworkTask) => ({
  id: task.id,
  from_agent_id: task.fromAgentId,
  task_type: task.taskType,
  description: task.description,
  risk_level: task.riskLevel,
  payload_inline: task.payloadInline,
  payload_ref: task.payloadRef,
  requires_human_confirm: needsHuman(task.riskLevel),
  expires_at: task.expiresAt,
  created_at: task.createdAt,
});
