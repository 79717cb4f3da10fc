import { TOOL_NAMES } from '../domain/session';
import type { Tx } from './database';
import { closeSession } from './cancel';
import { finishTurn } from './finish-turn';
import { findOwnSession } from './sessions';
import { openTurn } from './turns';

/**
 * Takes a person's chat back in one transaction: its words go, and to them it is not there any more. What money moved
 * stays, with the bare rows that its records hang on. What a running task needs goes when it ends. A second time
 * changes nothing.
 */
export async function eraseSession(tx: Tx, wish: { sessionId: string; userId: string }): Promise<void> {
  const { session, erased } = await findOwnSession(tx, wish);
  if (erased) return;
  // Ended here: whoever streams for it can record no word any more.
  const turn = await openTurn(tx, session.id);
  if (turn !== null) {
    await finishTurn(tx, { turn, outcome: 'cancelled' });
    tx.cancelled.push({ sessionId: session.id, turnId: turn.id });
  }
  await closeSession(tx, session, 'erased');
  const { id } = session;
  await tx.query('update turns set fact = null where session_id = $1', [id]);
  await forgetEnded(tx, id);
  // Answered, so that whatever is still under way for one of them finds nothing to add.
  await tx.query(
    `update tool_calls set state = 'done', input = '{}', result = '{}', is_error = false, wait_until = null,
            tool_use_id = id, name = case when name = any($2) then name else 'unknown' end
      where session_id = $1`,
    [id, TOOL_NAMES],
  );
  await tx.query('delete from steps where turn_id in (select id from turns where session_id = $1)', [id]);
  await tx.query('delete from prompts where session_id = $1', [id]);
  await tx.query('delete from connections where session_id = $1', [id]);
  await tx.query('delete from client_facts where session_id = $1', [id]);
  await tx.query('delete from messages where session_id = $1 and turn_id is null', [id]);
  await tx.query(`update sessions set title = null, metadata = '{}', erased_at = now() where id = $1`, [id]);
  await tx.query('delete from session_events where session_id = $1', [id]);
  // Without a sequence nothing more is said in it.
  await tx.query('delete from session_sequences where session_id = $1', [id]);
}

/** The content of tasks that have ended, and of the messages that no running one was asked by. */
async function forgetEnded(tx: Tx, sessionId: string): Promise<void> {
  await tx.query(
    `update tasks set arguments = '{}', result = null, error_message = null
      where session_id = $1 and ended_at is not null`,
    [sessionId],
  );
  await tx.query(
    `update task_attempts set response_head = null
      where task_id in (select id from tasks where session_id = $1 and ended_at is not null)`,
    [sessionId],
  );
  await tx.query(
    `update task_callbacks set body = null
      where task_id in (select id from tasks where session_id = $1 and ended_at is not null)`,
    [sessionId],
  );
  await tx.query(
    `update confirmations set note = null
      where task_id in (select id from tasks where session_id = $1 and ended_at is not null)`,
    [sessionId],
  );
  await tx.query(
    `update messages m set content = '', client_id = id, origin = null
      where session_id = $1 and turn_id is not null
        and not exists (select from tasks t where t.turn_id = m.turn_id and t.ended_at is null)`,
    [sessionId],
  );
}

/** What came of a task after its chat was erased goes as well. */
export async function forgetIfErased(tx: Tx, sessionId: string): Promise<void> {
  const erased = await tx.query('select from sessions where id = $1 and erased_at is not null', [sessionId]);
  if (erased.length > 0) await forgetEnded(tx, sessionId);
}
