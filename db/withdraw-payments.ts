import { formatUsdc } from '../domain/money';
import type { Tx } from './database';
import { appendFrames } from './events';
import { PAYMENT_SELECT, wakePayment, withdrawPayment } from './payments';
import type { Payment, WithdrawReason } from './payments';
import { withdrawToolCall } from './tool-calls';

/** Takes back what nobody has answered yet, in a turn or in a whole locked session: no money has moved. */
export async function withdrawPayments(
  tx: Tx,
  { sessionId, turnId, reason }: { sessionId: string; turnId: string | null; reason: WithdrawReason },
): Promise<void> {
  const open = await tx.query<Payment>(
    `${PAYMENT_SELECT} where p.session_id = $1 and ($2::text is null or p.turn_id = $2) and p.state = 'AWAITING_APPROVAL'
      order by p.id for no key update`,
    [sessionId, turnId],
  );
  for (const payment of open) {
    await withdrawPayment(tx, payment, reason);
    await appendFrames(tx, { id: sessionId, userId: payment.userId }, [
      {
        type: 'PAYMENT_FAILED',
        data: {
          payment_id: payment.id,
          turn_id: payment.turnId,
          state: 'DECLINED',
          amount_usdc: formatUsdc(payment.amountMicros),
          reason_code: reason,
        },
      },
    ]);
    await withdrawToolCall(tx, payment.toolCallId);
    await wakePayment(tx, payment.id, 'paymentDecided');
  }
}

/**
 * Gives back what a locked session holds, or is about to hold, for no task. When a turn is cancelled, that is what the
 * turn itself was approved, and what earlier turns have left held; but not that whose outcome is still to begin a turn.
 */
export async function giveBackUnspent(
  tx: Tx,
  { sessionId, turnId, reason }: { sessionId: string; turnId: string | null; reason: WithdrawReason },
): Promise<void> {
  const unspent = await tx.query<{ id: string; toolCallId: string }>(
    `select id, tool_call_id as "toolCallId" from payments p
      where session_id = $1 and withdrawn is null
        and (state in ('AUTHORIZING', 'HELD', 'UNKNOWN') and ($2::text is null or turn_id = $2)
             or state = 'HELD' and not exists (select from messages m
                  where m.session_id = p.session_id and m.client_id = 'outcome/' || p.tool_call_id and m.turn_id is null))
        and not exists (select from tasks t where t.payment_id = p.id)
      order by id for no key update`,
    [sessionId, turnId],
  );
  for (const { id, toolCallId } of unspent) {
    await tx.query('update payments set withdrawn = $2 where id = $1', [id, reason]);
    await withdrawToolCall(tx, toolCallId);
    await wakePayment(tx, id, 'abandoned');
  }
}

/**
 * An agent offers other terms than those that were approved: what was asked for on the old ones, and what is held for no
 * task yet, is void. Its workflow says so and gives back.
 */
export async function voidOtherOffers(
  tx: Tx,
  { sessionId, agentId, offerHash }: { sessionId: string; agentId: string; offerHash: string },
): Promise<void> {
  const others = await tx.query<Payment>(
    `${PAYMENT_SELECT}
      where p.session_id = $1 and p.agent_id = $2 and p.offer_hash <> $3 and p.withdrawn is null
        and p.state in ('AWAITING_APPROVAL', 'AUTHORIZING', 'HELD', 'UNKNOWN')
        and not exists (select from tasks t where t.payment_id = p.id)
      order by p.id for no key update`,
    [sessionId, agentId, offerHash],
  );
  for (const payment of others) {
    const asked = payment.state === 'AWAITING_APPROVAL';
    if (asked) await withdrawPayment(tx, payment, 'offer_changed');
    else await tx.query(`update payments set withdrawn = 'offer_changed' where id = $1`, [payment.id]);
    await wakePayment(tx, payment.id, asked ? 'paymentDecided' : 'abandoned');
  }
}
