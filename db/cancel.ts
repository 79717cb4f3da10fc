import { MooringError } from '../domain/errors';
import { withdrawConfirmations } from './chat-confirmations';
import type { Tx } from './database';
import { appendFrames } from './events';
import { withdrawPrompts } from './prompts';
import { lockSession, wakeSession } from './sessions';
import type { Session } from './sessions';
import { claimMessage, openTurn } from './turns';
import { giveBackUnspent, withdrawPayments } from './withdraw-payments';

/**
 * A person cancels the turn that works now, or the one they name. It is a fact at once; the turn ends when whoever works
 * for it has noticed, and nothing new begins in it. What it had asked for is taken back, and what is held
 * for no task is given back. Null: there was nothing to cancel.
 */
export async function cancelTurn(
  tx: Tx,
  { sessionId, turnId }: { sessionId: string; turnId: string | undefined },
): Promise<{ turnId: string } | null> {
  const session = await lockSession(tx, sessionId);
  if (session.phase === 'CLOSED') throw new MooringError('session_closed', 'This chat is closed.');
  // A message that no turn has taken up yet is cancelled as its turn.
  const turn =
    (await openTurn(tx, sessionId)) ?? (turnId === undefined ? await claimMessage(tx, session) : null);
  if (turn === null || (turnId !== undefined && turnId !== turn.id)) {
    if (turnId !== undefined) await requireTurn(tx, sessionId, turnId);
    return null;
  }
  if (turn.cancelledAt !== null) return { turnId: turn.id };
  await tx.query('update turns set cancelled_at = now() where id = $1', [turn.id]);
  await withdrawPayments(tx, { sessionId, turnId: turn.id, reason: 'turn_cancelled' });
  await withdrawPrompts(tx, { sessionId, turnId: turn.id });
  await withdrawConfirmations(tx, { sessionId, turnId: turn.id });
  await giveBackUnspent(tx, { sessionId, turnId: turn.id, reason: 'turn_cancelled' });
  await wakeSession(tx, sessionId, 'endArrived');
  tx.cancelled.push({ sessionId, turnId: turn.id });
  return { turnId: turn.id };
}

async function requireTurn(tx: Tx, sessionId: string, turnId: string): Promise<void> {
  const rows = await tx.query('select 1 from turns where id = $1 and session_id = $2', [turnId, sessionId]);
  if (rows.length === 0) throw new MooringError('not_found', 'There is no such turn in this chat.');
}

/**
 * Closes a locked session: from now on nothing begins in it, what it asks for is taken back, and what is held for no task
 * is given back. A turn that works is cancelled, and its end is that of the chat, so that what was said and used until
 * then stays. A task that runs goes on, and its end decides over its money. A second close changes nothing.
 */
export async function closeSession(tx: Tx, session: Session, reason: string): Promise<void> {
  if (session.phase === 'CLOSED') return;
  await withdrawPayments(tx, { sessionId: session.id, turnId: null, reason: 'session_closed' });
  await withdrawPrompts(tx, { sessionId: session.id, turnId: null });
  await withdrawConfirmations(tx, { sessionId: session.id, turnId: null });
  await tx.query(`update sessions set phase = 'CLOSED', closed_at = now() where id = $1`, [session.id]);
  await giveBackUnspent(tx, { sessionId: session.id, turnId: null, reason: 'session_closed' });
  const turn = await openTurn(tx, session.id);
  if (turn === null) {
    await appendFrames(tx, session, [{ type: 'SESSION_CLOSED', data: { reason, phase: 'CLOSED' } }]);
  } else {
    await tx.query('update turns set cancelled_at = coalesce(cancelled_at, now()) where id = $1', [turn.id]);
    tx.cancelled.push({ sessionId: session.id, turnId: turn.id });
  }
  // A chat that was never written to has no workflow to tell.
  if (session.wakeVersion > 0) await wakeSession(tx, session.id, 'endArrived');
}
