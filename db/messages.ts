import { MooringError } from '../domain/errors';
import { newId } from '../lib/ids';
import { currentOrigin } from '../lib/telemetry';
import { usedBefore } from './client-facts';
import type { Tx } from './database';
import { appendFrames } from './events';
import { lockSession, wakeSession } from './sessions';

export interface Message {
  id: string;
  clientId: string;
  kind: 'user' | 'outcome';
  content: string;
  seq: number | null;
}

/**
 * A person's message becomes a fact: its row, its frame, its signal, in one transaction.
 * The same client id again answers with the first seq; with other words it is refused. `onNew` may refuse a new one.
 */
export async function acceptMessage(
  tx: Tx,
  message: { sessionId: string; clientId: string; content: string; onNew?: () => void },
): Promise<{ seq: number }> {
  const session = await lockSession(tx, message.sessionId);
  const [earlier] = await tx.query<{ content: string | null; seq: number | null }>(
    `select content, seq from messages where session_id = $1 and client_id = $2
     union all select null, null from client_facts where session_id = $1 and client_id = $2`,
    [session.id, message.clientId],
  );
  if (earlier !== undefined) {
    if (earlier.content !== message.content || earlier.seq === null) throw usedBefore();
    return { seq: earlier.seq };
  }
  if (session.phase === 'CLOSED') throw new MooringError('session_closed', 'This chat is closed.');
  message.onNew?.();
  const id = newId('msg');
  const [frame] = await appendFrames(tx, session, [
    { type: 'USER_MESSAGE', data: { content: message.content, message_id: id } },
  ]);
  if (frame === undefined) throw new Error('no frame was logged');
  await tx.query(
    `insert into messages (id, session_id, user_id, client_id, kind, content, seq, origin)
     values ($1, $2, $3, $4, 'user', $5, $6, $7)`,
    [id, session.id, session.userId, message.clientId, message.content, frame.seq, currentOrigin()],
  );
  await tx.query(`update sessions set last_message_at = now(), title = coalesce(title, $2) where id = $1`, [
    session.id,
    titleOf(message.content),
  ]);
  await wakeSession(tx, session.id, 'messageArrived');
  return { seq: frame.seq };
}

/** The outcome of a wait that an earlier turn had left: it starts a turn of its own. */
export async function recordOutcome(
  tx: Tx,
  outcome: { sessionId: string; userId: string; toolCallId: string; content: string },
): Promise<void> {
  await tx.query(
    `insert into messages (id, session_id, user_id, client_id, kind, content, origin)
     values ($1, $2, $3, $4, 'outcome', $5, $6)
     on conflict (session_id, client_id) do nothing`,
    [
      newId('msg'),
      outcome.sessionId,
      outcome.userId,
      `outcome/${outcome.toolCallId}`,
      outcome.content,
      currentOrigin(),
    ],
  );
}

/** What a chat is called in the list: the beginning of the first line of its first message. */
function titleOf(content: string): string {
  const line = content.trim().split('\n')[0] ?? '';
  const words = line.replace(/[:\s]+$/, '');
  return words.length > 60 ? `${words.slice(0, 59).trimEnd()}…` : words || 'New chat';
}

/** What the person said that started a turn; '' for a turn that an outcome started. */
export async function messageOfTurn(tx: Tx, turnId: string): Promise<string> {
  const [row] = await tx.query<{ content: string }>(
    `select content from messages where turn_id = $1 and kind = 'user'`,
    [turnId],
  );
  return row?.content ?? '';
}
