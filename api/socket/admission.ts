import type { Database, Tx } from '../../db/database';
import { lastSeqs } from '../../db/events';
import { openAsks } from '../../db/open-asks';
import { getSession, lockSession, setPhase } from '../../db/sessions';
import { openTurn } from '../../db/turns';
import { MooringError } from '../../domain/errors';
import type { MomentFrame } from '../../domain/frames';
import { asUser, SYSTEM } from '../../domain/principal';
import type { Tokens } from '../auth/tokens';
import { SESSION_ID } from '../schemas';

interface AdmissionDeps {
  db: Database;
  tokens: Tokens;
}

/** Who may enter this chat by this token; entering makes a new chat CONNECTED. */
export async function admit(
  { db, tokens }: AdmissionDeps,
  { sessionId, token }: { sessionId: string; token: string },
): Promise<{ userId: string }> {
  const { userId, ...bearer } = await tokens.verifySession(token);
  if (bearer.sessionId !== sessionId) {
    if (await isKnown(db, sessionId)) throw new MooringError('forbidden', 'This token is of another chat.');
    throw new MooringError('session_not_found', 'There is no such chat.');
  }
  const over = await db.withTx(asUser(userId), 'socket.admit', async (tx) => {
    const { phase } = await lockSession(tx, sessionId);
    if (phase === 'STARTED') await setPhase(tx, sessionId, 'CONNECTED');
    // A chat whose last turn is still to end has something to say yet.
    return phase === 'CLOSED' && (await openTurn(tx, sessionId)) === null;
  });
  if (over) throw new MooringError('session_closed', 'This chat is closed.');
  return { userId };
}

async function isKnown(db: Database, sessionId: string): Promise<boolean> {
  if (!SESSION_ID.test(sessionId)) return false;
  const rows = await db.withTx(SYSTEM, 'socket.is-known', (tx) =>
    tx.query('select from sessions where id = $1 and erased_at is null', [sessionId]),
  );
  return rows.length > 0;
}

/** Where the chat stands: the first frame of a socket. */
export async function readyFrame(
  tx: Tx,
  sessionId: string,
): Promise<MomentFrame & { type: 'SESSION_READY' }> {
  const { phase } = await getSession(tx, sessionId);
  const lastSeq = (await lastSeqs(tx, [sessionId])).get(sessionId) ?? 0;
  const pending = await openAsks(tx, sessionId);
  return { type: 'SESSION_READY', data: { phase, last_seq: lastSeq, pending } };
}
