import type { TurnOutcome } from '../domain/session';
import type { MicroUsdc, TokenUsage } from '../domain/money';
import { MooringError } from '../domain/errors';
import type { Origin } from '../domain/origin';
import { newId } from '../lib/ids';
import { metrics } from '../lib/metrics';
import type { Tx } from './database';
import { appendFrames } from './events';

export interface Turn extends TokenUsage {
  id: string;
  sessionId: string;
  userId: string;
  number: number;
  fence: number;
  /** when the person cancelled it; it ends as soon as whoever works for it has noticed */
  cancelledAt: string | null;
  outcome: TurnOutcome | null;
  costMicros: MicroUsdc;
  /** of the message that began it */
  origin: Origin | null;
}

const COLUMNS = `id, session_id as "sessionId", user_id as "userId", number, fence, cancelled_at as "cancelledAt", outcome,
  input_tokens as "inputTokens", output_tokens as "outputTokens", cache_read_tokens as "cacheReadTokens",
  cache_write_tokens as "cacheWriteTokens", cost_micros as "costMicros",
  (select origin from messages where id = message_id) as origin`;

export async function openTurn(tx: Tx, sessionId: string): Promise<Turn | null> {
  const rows = await tx.query<Turn>(
    `select ${COLUMNS} from turns where session_id = $1 and outcome is null`,
    [sessionId],
  );
  return rows[0] ?? null;
}

/** Takes up the oldest unanswered message of a locked session as a new turn; null when there is none. */
export async function claimMessage(tx: Tx, session: { id: string; userId: string }): Promise<Turn | null> {
  const [message] = await tx.query<{ id: string; kind: 'user' | 'outcome' }>(
    `select id, kind from messages where session_id = $1 and turn_id is null order by position limit 1`,
    [session.id],
  );
  if (message === undefined) return null;
  const [turn] = await tx.query<Turn>(
    `insert into turns (id, session_id, user_id, message_id, number)
     values ($1, $2, $3, $4, 1 + (select count(*)::int from turns where session_id = $2))
     returning ${COLUMNS}`,
    [newId('trn'), session.id, session.userId, message.id],
  );
  if (turn === undefined) throw new Error('no turn was opened');
  await tx.query('update messages set turn_id = $2 where id = $1', [message.id, turn.id]);
  const answers = message.kind === 'user' ? { message_id: message.id } : {};
  await appendFrames(tx, session, [{ type: 'TURN_START', data: { turn_id: turn.id, ...answers } }]);
  return turn;
}

export async function hasUnansweredMessage(tx: Tx, sessionId: string): Promise<boolean> {
  const rows = await tx.query(
    `select 1 from messages where session_id = $1 and turn_id is null and kind = 'user' limit 1`,
    [sessionId],
  );
  return rows.length > 0;
}

/** Takes the turn's next fence number: every earlier holder's writes are refused from here on. */
export async function takeFence(tx: Tx, turnId: string): Promise<number> {
  const [row] = await tx.query<{ fence: number }>(
    'update turns set fence = fence + 1 where id = $1 and outcome is null returning fence',
    [turnId],
  );
  if (row === undefined) throw new MooringError('fence_lost', 'The turn has ended meanwhile.');
  metrics.fencesTaken.inc();
  return row.fence;
}

/** Refuses the write of an attempt that is no longer the turn's newest. */
export async function requireFence(tx: Tx, turnId: string, fence: number): Promise<void> {
  const [row] = await tx.query<{ fence: number }>(
    'select fence from turns where id = $1 and outcome is null for no key update',
    [turnId],
  );
  if (row?.fence === fence) return;
  metrics.fencesLost.inc();
  throw new MooringError('fence_lost', 'A newer attempt has taken this step.');
}

export interface Step extends TokenUsage {
  turnId: string;
  step: number;
  /** content blocks of the Messages API, unchanged */
  content: Record<string, unknown>[];
  stopReason: string;
  model: string;
  costMicros: MicroUsdc;
  /** of the request that it answers */
  requestBytes: number;
  /** from its start until it was recorded */
  workMs: number;
}

/** Stores a model answer and adds its usage to the turn. The caller holds the fence. */
export async function recordStep(tx: Tx, userId: string, step: Step): Promise<void> {
  await tx.query(
    `insert into steps (turn_id, step, user_id, content, stop_reason, model, input_tokens, output_tokens, cost_micros,
                        cache_read_tokens, cache_write_tokens, request_bytes, work_ms)
     values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13)`,
    [
      step.turnId,
      step.step,
      userId,
      JSON.stringify(step.content),
      step.stopReason,
      step.model,
      step.inputTokens,
      step.outputTokens,
      step.costMicros,
      step.cacheReadTokens,
      step.cacheWriteTokens,
      step.requestBytes,
      step.workMs,
    ],
  );
  await tx.query(
    `update turns set input_tokens = input_tokens + $2, output_tokens = output_tokens + $3, cost_micros = cost_micros + $4,
            cache_read_tokens = cache_read_tokens + $5, cache_write_tokens = cache_write_tokens + $6
      where id = $1`,
    [
      step.turnId,
      step.inputTokens,
      step.outputTokens,
      step.costMicros,
      step.cacheReadTokens,
      step.cacheWriteTokens,
    ],
  );
}

/** What each time cost that the model was asked in a turn, in order. */
export async function stepCosts(tx: Tx, turnId: string): Promise<(TokenUsage & { costMicros: MicroUsdc })[]> {
  return tx.query(
    `select input_tokens as "inputTokens", output_tokens as "outputTokens", cache_read_tokens as "cacheReadTokens",
            cache_write_tokens as "cacheWriteTokens", cost_micros as "costMicros"
       from steps where turn_id = $1 order by step`,
    [turnId],
  );
}

// Tools take no longer; a longer time between two steps is one in which the platform was away.
const LONGEST_TOOLS_MS = 180_000;

/** How long a turn has worked: its steps and the tools between them, but not where a person was waited for. */
export async function turnWorkMs(tx: Tx, turnId: string): Promise<number> {
  const [row] = await tx.query<{ ms: number }>(
    `select coalesce(sum(work_ms + case when asks then 0 else least(greatest(tools_ms, 0), $2) end), 0)::float8 as ms
       from (select s.work_ms,
                    1000 * extract(epoch from
                      lead(s.created_at - s.work_ms * interval '1 millisecond', 1, now()) over (order by s.step)
                        - s.created_at) as tools_ms,
                    exists (select from tool_calls c
                             where c.turn_id = s.turn_id and c.step = s.step and c.wait_until is not null
                               and c.name in ('request_payment_confirmation', 'user_prompt')) as asks
               from steps s where s.turn_id = $1) as stretch`,
    [turnId, LONGEST_TOOLS_MS],
  );
  return row?.ms ?? 0;
}

export async function lastStep(tx: Tx, turnId: string): Promise<number> {
  const [row] = await tx.query<{ step: number }>(
    'select coalesce(max(step), 0) as step from steps where turn_id = $1',
    [turnId],
  );
  return row?.step ?? 0;
}

/** Whether the turn still works: it has not ended, and nobody has cancelled it. */
export async function turnWorks(tx: Tx, turnId: string): Promise<boolean> {
  const rows = await tx.query(
    'select 1 from turns where id = $1 and outcome is null and cancelled_at is null',
    [turnId],
  );
  return rows.length > 0;
}

/** Ends an open turn; null when it had ended already. */
export async function endTurn(tx: Tx, turnId: string, outcome: TurnOutcome): Promise<Turn | null> {
  const rows = await tx.query<Turn>(
    `update turns set outcome = $2, ended_at = now() where id = $1 and outcome is null returning ${COLUMNS}`,
    [turnId, outcome],
  );
  return rows[0] ?? null;
}

/** Whether the turn went on without an answer that is still to come. */
export async function turnHasLeftWaits(tx: Tx, turnId: string): Promise<boolean> {
  const rows = await tx.query(`select 1 from tool_calls where turn_id = $1 and state = 'left' limit 1`, [
    turnId,
  ]);
  return rows.length > 0;
}
