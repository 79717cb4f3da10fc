import type { Origin } from '../domain/origin';
import type { Tx } from './database';
import { recordOutcome } from './messages';
import { wakeSession } from './sessions';

export interface ToolCall {
  id: string;
  sessionId: string;
  userId: string;
  turnId: string;
  step: number;
  toolUseId: string;
  name: string;
  input: Record<string, unknown>;
  state: 'proposed' | 'waiting' | 'left' | 'done';
  waitUntil: string | null;
  /** of the message whose turn it is part of */
  origin: Origin | null;
}

/** What the model reads as the outcome of a call: JSON, with every agent's text inside this one value. */
export type ToolResult = Record<string, unknown>;

const COLUMNS = `id, session_id as "sessionId", user_id as "userId", turn_id as "turnId", step,
  tool_use_id as "toolUseId", name, input, state, wait_until as "waitUntil",
  (select m.origin from messages m where m.turn_id = tool_calls.turn_id) as origin`;

export const toolCallId = (turnId: string, step: number, position: number): string =>
  `${turnId}/${step}/${position}`;

export async function proposeToolCalls(
  tx: Tx,
  turn: { id: string; sessionId: string; userId: string },
  {
    step,
    calls,
  }: { step: number; calls: { toolUseId: string; name: string; input: Record<string, unknown> }[] },
): Promise<ToolCall[]> {
  const proposed: ToolCall[] = [];
  for (const [position, call] of calls.entries()) {
    const rows = await tx.query<ToolCall>(
      `insert into tool_calls (id, session_id, user_id, turn_id, step, position, tool_use_id, name, input, state)
       values ($1, $2, $3, $4, $5, $6, $7, $8, $9, 'proposed') returning ${COLUMNS}`,
      [
        toolCallId(turn.id, step, position),
        turn.sessionId,
        turn.userId,
        turn.id,
        step,
        position,
        call.toolUseId,
        call.name,
        call.input,
      ],
    );
    proposed.push(...rows);
  }
  return proposed;
}

export async function toolCallsOfStep(tx: Tx, turnId: string, step: number): Promise<ToolCall[]> {
  return tx.query<ToolCall>(
    `select ${COLUMNS} from tool_calls where turn_id = $1 and step = $2 order by position`,
    [turnId, step],
  );
}

export async function getToolCall(tx: Tx, id: string): Promise<ToolCall> {
  const [call] = await tx.query<ToolCall>(`select ${COLUMNS} from tool_calls where id = $1`, [id]);
  if (call === undefined) throw new Error(`no tool call ${id}`);
  return call;
}

/** The call now waits for a person or a task, at most until its turn has waited long enough. */
export async function awaitOutcome(tx: Tx, id: string, waitMs: number): Promise<void> {
  await tx.query(
    `update tool_calls set state = 'waiting', wait_until = now() + $2 * interval '1 millisecond'
      where id = $1 and state = 'proposed'`,
    [id, waitMs],
  );
}

/** The turn goes on without the answer: the model reads that it is pending, and the outcome comes as a turn. */
export async function leaveWaits(tx: Tx, turnId: string): Promise<void> {
  await tx.query(
    `update tool_calls set state = 'left', result = jsonb_build_object('status', 'pending', 'id', id)
      where turn_id = $1 and state = 'waiting'`,
    [turnId],
  );
}

/** What a turn that was cancelled had still to run is not run. */
export async function dropProposedCalls(tx: Tx, turnId: string): Promise<void> {
  await tx.query(
    `update tool_calls set state = 'done', result = '{"status": "not_run"}' where turn_id = $1 and state = 'proposed'`,
    [turnId],
  );
}

/** Ends a call whose request was taken back: no turn comes of it. */
export async function withdrawToolCall(tx: Tx, id: string): Promise<void> {
  await tx.query(
    `update tool_calls set state = 'done', result = coalesce(result, '{"status": "withdrawn"}')
      where id = $1 and state <> 'done'`,
    [id],
  );
}

/**
 * Answers a call once. A call that is still in its turn wakes the session when it was waited for; one that
 * its turn has left becomes a message, which starts a turn of its own.
 */
export async function answerToolCall(
  tx: Tx,
  id: string,
  { result, isError = false }: { result: ToolResult; isError?: boolean },
): Promise<void> {
  const [call] = await tx.query<ToolCall>(
    `select ${COLUMNS} from tool_calls where id = $1 for no key update`,
    [id],
  );
  if (call === undefined || call.state === 'done') return;
  await tx.query(
    `update tool_calls set state = 'done',
            result = case when state = 'left' then result else $2 end, is_error = $3 and state <> 'left'
      where id = $1`,
    [id, result, isError],
  );
  if (call.state === 'left') {
    await recordOutcome(tx, {
      sessionId: call.sessionId,
      userId: call.userId,
      toolCallId: id,
      content: JSON.stringify({ tool: call.name, input: call.input, result }),
    });
  }
  if (call.state !== 'proposed') await wakeSession(tx, call.sessionId, 'outcomeArrived');
}
