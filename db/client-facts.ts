import { createHash } from 'node:crypto';
import { MooringError } from '../domain/errors';
import type { ClientFact } from '../domain/frames';
import type { Tx } from './database';
import { lockSession } from './sessions';

/** So many of a chat are remembered, the newest: nobody sends again what was followed by as many others. */
const REMEMBERED = 1_000;

/**
 * Takes a fact once. `take` makes it one, in this transaction, and its answer is kept beside it: the same id again gets
 * that answer and has no effect; with other content it is refused. What `take` refuses is no fact: its id stays free.
 */
export async function takeOnce<A extends object>(
  tx: Tx,
  { sessionId, fact }: { sessionId: string; fact: ClientFact & { id: string } },
  take: () => Promise<A>,
): Promise<A> {
  const { userId } = await lockSession(tx, sessionId);
  const said = createHash('sha256')
    .update(JSON.stringify([fact.type, Object.entries(fact.data).sort()]))
    .digest();
  const [earlier] = await tx.query<{ said: Buffer | null; answer: A }>(
    `select said, answer from client_facts where session_id = $1 and client_id = $2
     union all select null, null from messages where session_id = $1 and client_id = $2`,
    [sessionId, fact.id],
  );
  if (earlier !== undefined) {
    if (earlier.said?.equals(said) !== true) throw usedBefore();
    return earlier.answer;
  }
  const answer = await take();
  if ('refusal' in answer) return answer;
  await tx.query(
    'insert into client_facts (session_id, client_id, user_id, said, answer) values ($1, $2, $3, $4, $5)',
    [sessionId, fact.id, userId, said, answer],
  );
  await tx.query(
    `delete from client_facts where session_id = $1 and created_at <
       (select created_at from client_facts where session_id = $1 order by created_at desc offset $2 limit 1)`,
    [sessionId, REMEMBERED - 1],
  );
  return answer;
}

export const usedBefore = (): MooringError =>
  new MooringError('idempotency_conflict', 'This id was used for something else.', {
    details: { field: 'id' },
  });
