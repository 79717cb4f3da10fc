import { createHash } from 'node:crypto';
import { MooringError } from '../domain/errors';
import type { Tx } from './database';

export interface KeyedCall {
  path: string;
  key: string;
  body: unknown;
}

export interface Answer {
  status: number;
  body: unknown;
}

const DAY = `interval '24 hours'`;
const hashOf = (body: unknown): Buffer => createHash('sha256').update(JSON.stringify(body)).digest();

/**
 * What the agent of this transaction was answered to the same call with the same key in the last day; null: it is new,
 * and nobody else makes it until this transaction ends. Throws idempotency_in_flight, idempotency_conflict.
 */
export async function firstAnswer(tx: Tx, { path, key, body }: KeyedCall): Promise<Answer | null> {
  const name = [tx.principalId, path, key];
  const [[lock], [row]] = await Promise.all([
    tx.query<{ free: boolean }>(
      `select pg_try_advisory_xact_lock(hashtextextended($1 || ' ' || $2 || ' ' || $3, 0)) as free`,
      name,
    ),
    // A statement of its own: it sees what the call that held the lock has just kept.
    tx.query<{ same: boolean; status: number; answer: unknown }>(
      `select body_hash = $4 as same, status, answer from idempotency_records
        where agent_id = $1 and path = $2 and key = $3 and created_at > now() - ${DAY}`,
      [...name, hashOf(body)],
    ),
  ]);
  if (lock?.free !== true) {
    throw new MooringError(
      'idempotency_in_flight',
      'The same call is being answered now. Try again in a moment.',
    );
  }
  if (row === undefined) return null;
  if (!row.same) {
    throw new MooringError('idempotency_conflict', 'This key was used for a call with another body.', {
      details: { field: 'idempotency_key', rule: 'must be new for another body' },
    });
  }
  if (row.answer === null) {
    throw new MooringError(
      'idempotency_conflict',
      'This was answered with a secret, which is not said twice.',
      {
        details: { field: 'idempotency_key', rule: 'must be new: the first answer held a secret' },
      },
    );
  }
  return { status: row.status, body: row.answer };
}

/** Keeps the answer with its effect, in one transaction. `body` null: it holds a secret. */
export function keepAnswer(tx: Tx, call: KeyedCall, answer: Answer): void {
  tx.write(
    `insert into idempotency_records (agent_id, path, key, body_hash, status, answer) values ($1, $2, $3, $4, $5, $6)
     on conflict (agent_id, path, key) do update
        set body_hash = excluded.body_hash, status = excluded.status, answer = excluded.answer, created_at = now()
      where idempotency_records.created_at <= now() - ${DAY}`,
    [
      tx.principalId,
      call.path,
      call.key,
      hashOf(call.body),
      answer.status,
      answer.body === null ? null : JSON.stringify(answer.body),
    ],
  );
}

export async function forgetOldAnswers(tx: Tx): Promise<void> {
  await tx.query(`delete from idempotency_records where created_at <= now() - ${DAY}`);
}
