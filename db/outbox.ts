import type { OutboxSignal, Tx } from './database';
import type { TaskProgress } from '../domain/workflows';
import { newId } from '../lib/ids';
import { currentOrigin } from '../lib/telemetry';

/** How long relays leave the start of a task to the process that tells its agent first. */
export const HELD_MS = 15_000;

/** Records a signal in this transaction; it is sent right after the commit, or by the relay. */
export function recordSignal(tx: Tx, signal: Omit<OutboxSignal, 'id' | 'origin'>): void {
  const recorded = { id: newId('out'), origin: currentOrigin(), ...signal };
  tx.write(
    `insert into outbox (id, workflow, workflow_id, input, signal, signal_input, origin, held_until)
     values ($1, $2, $3, $4, $5, $6, $7, now() + $8 * interval '1 millisecond')`,
    [
      recorded.id,
      recorded.workflow,
      recorded.workflowId,
      recorded.input,
      recorded.signal,
      recorded.signalInput === null ? null : JSON.stringify(recorded.signalInput),
      recorded.origin,
      recorded.untold === true ? HELD_MS : null,
    ],
  );
  tx.signals.push(recorded);
}

export async function markSent(tx: Tx, ids: string[]): Promise<void> {
  await tx.query('update outbox set sent_at = now() where id = any($1) and sent_at is null', [ids]);
}

/** Unsent signals older than `ageMs` beside those `held`, locked for this transaction; what another relay holds is skipped. */
export async function takeUnsent(
  tx: Tx,
  { ageMs, held, limit }: { ageMs: number; held: string[]; limit: number },
): Promise<OutboxSignal[]> {
  return tx.query<OutboxSignal>(
    `select id, workflow, workflow_id as "workflowId", input, signal, signal_input as "signalInput", origin
       from outbox
      where sent_at is null and created_at < now() - $1 * interval '1 millisecond'
        and (held_until is null or held_until < now())
        and not exists (select from unnest($3::text[]) as held where held = outbox.id)
      order by created_at
      limit $2
      for update skip locked`,
    [ageMs, limit, held],
  );
}

/** No relay takes this one for lost until then: its process is still at work for it, if it lives. */
export async function holdBack(tx: Tx, id: string, ms: number): Promise<void> {
  await tx.query(
    `update outbox set held_until = now() + $2 * interval '1 millisecond' where id = $1 and sent_at is null`,
    [id, ms],
  );
}

/** At the start of the only process: what the one before it was at work for is nobody's now. */
export async function letGo(tx: Tx): Promise<void> {
  await tx.query('update outbox set held_until = now() where sent_at is null and held_until > now()');
}

/** A start that is sent by a relay begins with this, too. */
export async function keepFirst(tx: Tx, id: string, first: TaskProgress): Promise<void> {
  await tx.query(
    `update outbox set input = input || jsonb_build_object('first', $2::jsonb) where id = $1 and sent_at is null`,
    [id, JSON.stringify(first)],
  );
}

/** How many signals wait, and how long the oldest has waited. */
export async function unsent(tx: Tx): Promise<{ count: number; oldestSeconds: number }> {
  const [row] = await tx.query<{ count: number; oldestSeconds: number }>(
    `select count(*)::int as count,
            coalesce(extract(epoch from now() - min(created_at)), 0)::float8 as "oldestSeconds"
       from outbox where sent_at is null and (held_until is null or held_until < now())`,
  );
  return row ?? { count: 0, oldestSeconds: 0 };
}

/** Sent rows are kept for an hour, for whoever looks. */
export async function forgetSent(tx: Tx): Promise<void> {
  await tx.query(`delete from outbox where sent_at < now() - interval '1 hour'`);
}
