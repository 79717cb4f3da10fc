import { MooringError } from '../domain/errors';
import { formatUsdc } from '../domain/money';
import type { MicroUsdc } from '../domain/money';
import type { PaymentState } from '../domain/payment';
import type { Tx } from './database';
import type { Payment } from './payments';

/** A payment of this person to this agent for this action of which nobody knows whether it moved: until then no other. */
export async function refuseWhileUnknown(
  tx: Tx,
  { userId, agentId, action }: { userId: string; agentId: string; action: string },
): Promise<void> {
  const [unknown] = await tx.query<{ id: string; amountMicros: MicroUsdc; agentName: string }>(
    `select id, amount_micros as "amountMicros", agent_name as "agentName" from payments
      where user_id = $1 and agent_id = $2 and action = $3 and state = 'UNKNOWN' limit 1`,
    [userId, agentId, action],
  );
  if (unknown === undefined) return;
  const amount = formatUsdc(unknown.amountMicros);
  throw new MooringError(
    'payment_unknown',
    `We do not know yet whether ${amount} USDC was paid to ${unknown.agentName}. It stays held; no second payment can start.`,
    { details: { payment_id: unknown.id } },
  );
}

/**
 * Another payment of this person to this agent for this action that a locked one, of which nothing has been asked for
 * anywhere, must not overtake: nobody knows of it (UNKNOWN), or its hold is on its way. Whoever asks is the only one from
 * here to their commit, so that of two that begin at once one sees the other.
 */
export async function paymentAhead(
  tx: Tx,
  { id, userId, agentId, action }: Payment,
): Promise<{ state: PaymentState; since: string } | null> {
  tx.write('select from users where id = $1 for no key update', [userId]);
  const [ahead] = await tx.query<{ state: PaymentState; since: string }>(
    `select p.state, coalesce(p.decided_at, p.created_at) as since from payments p
      where p.user_id = $2 and p.agent_id = $3 and p.action = $4 and p.id <> $1
        and (p.state = 'UNKNOWN'
             or p.state = 'AUTHORIZING' and exists (select from wallet_moves m where m.payment_id = p.id))
        and not exists (select from wallet_moves own where own.payment_id = $1)
      order by p.state = 'UNKNOWN' desc limit 1`,
    [id, userId, agentId, action],
  );
  return ahead ?? null;
}
