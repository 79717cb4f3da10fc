import type { LogFrame, LoggedFrame, PendingData } from '../domain/frames';
import { newId } from '../lib/ids';
import type { Tx } from './database';

/**
 * Appends frames to a session's log, with the next seqs, in this transaction; they are published after it. An erased
 * session has no log: nothing is said in it.
 */
export async function appendFrames(
  tx: Tx,
  session: { id: string; userId: string },
  frames: LogFrame[],
): Promise<LoggedFrame[]> {
  const rows = await tx.query<{ lastSeq: number; now: string }>(
    `update session_sequences set last_seq = last_seq + $2 where session_id = $1
     returning last_seq as "lastSeq", now() as now`,
    [session.id, frames.length],
  );
  const row = rows[0];
  if (row === undefined) return [];
  const first = row.lastSeq - frames.length + 1;
  const logged = frames.map((frame, index): LoggedFrame => ({
    ...frame,
    v: 1,
    id: newId('evt'),
    ts: row.now,
    session_id: session.id,
    seq: first + index,
  }));
  await tx.query(
    `insert into session_events (session_id, seq, id, user_id, type, data, created_at)
     select $1, f.seq, f.id, $2, f.type, f.data, $3
       from jsonb_to_recordset($4) as f(seq integer, id text, type text, data jsonb)`,
    [session.id, session.userId, row.now, JSON.stringify(logged)],
  );
  tx.frames.push(...logged);
  return logged;
}

/** Frames after `afterSeq`, in order, at most `limit`. */
export async function readFrames(
  tx: Tx,
  { sessionId, afterSeq, limit }: { sessionId: string; afterSeq: number; limit: number },
): Promise<LoggedFrame[]> {
  return tx.query<LoggedFrame>(
    `select 1 as v, id, created_at as ts, session_id, seq, type, data
       from session_events where session_id = $1 and seq > $2 order by seq limit $3`,
    [sessionId, afterSeq, limit],
  );
}

/** The last seq of each of these sessions. */
export async function lastSeqs(tx: Tx, sessionIds: string[]): Promise<Map<string, number>> {
  const rows = await tx.query<{ id: string; lastSeq: number }>(
    `select session_id as id, last_seq as "lastSeq" from session_sequences where session_id = any($1)`,
    [sessionIds],
  );
  return new Map(rows.map((row) => [row.id, row.lastSeq]));
}

/** What a session was told last of the transfer that a payment waits for; null: nothing. */
export async function lastPending(
  tx: Tx,
  { sessionId, paymentId }: { sessionId: string; paymentId: string },
): Promise<PendingData | null> {
  const [told] = await tx.query<{ data: PendingData }>(
    `select data from session_events
      where session_id = $1 and type = 'PAYMENT_PENDING' and data ->> 'payment_id' = $2 order by seq desc limit 1`,
    [sessionId, paymentId],
  );
  return told?.data ?? null;
}
