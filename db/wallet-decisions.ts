import { MooringError } from '../domain/errors';
import { formatUsdc } from '../domain/money';
import type { MicroUsdc } from '../domain/money';
import type { PaymentState } from '../domain/payment';
import { refIdOf } from '../domain/wallet';
import type { ByHand, MoveState, MoveStep } from '../domain/wallet';
import type { Tx } from './database';
import { lockPayment } from './payments';
import { wakeMover } from './refunds';

/** A payment, or a refund of one, whose money nobody can tell of, or that does not come to its end, for those who find out. */
export interface UnknownPayment {
  /** by which it is decided: of the refund, or of the payment */
  id: string;
  paymentId: string;
  refundId: string | null;
  userId: string;
  userName: string;
  agentName: string;
  action: string;
  amountMicros: MicroUsdc;
  moveKey: string;
  step: MoveStep;
  /** money has moved already that this one has to follow */
  mustBeMade: boolean;
  moveMicros: MicroUsdc;
  network: string;
  from: string;
  to: string;
  state: MoveState;
  reference: string | null;
  submittedAt: string;
  unknownSince: string | null;
  endedAt: string | null;
  decisions: { admin: string; outcome: ByHand; reason: string; at: string }[];
}

// Here is what nobody knows; what has no end though an alarm was raised; and a refund's part that was refused after another
// had moved.
const UNKNOWN = `select coalesce(o.refund_id, p.id) as id, p.id as "paymentId", o.refund_id as "refundId",
    p.user_id as "userId", payer.name as "userName", p.agent_name as "agentName", p.action, p.amount_micros as "amountMicros",
    m.key as "moveKey", m.step, before.moved as "mustBeMade", m.amount_micros as "moveMicros", m.network,
    m.from_account as "from", m.to_account as "to", m.state, m.reference, m.submitted_at as "submittedAt",
    m.unknown_since as "unknownSince", m.ended_at as "endedAt",
    (select coalesce(jsonb_agg(jsonb_build_object('admin', u.email, 'outcome', d.outcome, 'reason', d.reason,
                                                  'at', d.decided_at) order by d.decided_at), '[]')
       from wallet_decisions d join users u on u.id = d.admin_id where d.move_key = m.key) as decisions
  from (select id as payment_id, null as refund_id from payments where state = 'UNKNOWN'
        union select payment_id, null from wallet_moves
               where refund_id is null and alarmed_at is not null and ended_at is null and by_hand is null
        union all select payment_id, id from refunds where state = 'pending') o
  join payments p on p.id = o.payment_id
  join users payer on payer.id = p.user_id
  join lateral (select * from wallet_moves w
                 where w.payment_id = p.id and w.refund_id is not distinct from o.refund_id
                   and w.by_hand is null and w.state <> 'COMPLETE'
                 order by w.submitted_at limit 1) m on true
  cross join lateral (select exists (select from wallet_moves w
                                      where w.payment_id = p.id and w.refund_id is not distinct from o.refund_id
                                        and (w.by_hand = 'made' or w.state = 'COMPLETE')) as moved) before
 where (o.refund_id is null or m.unknown_since is not null
        or m.alarmed_at is not null and m.ended_at is null or m.ended_at is not null and before.moved)`;

/** Oldest first. */
export const unknownPayments = (tx: Tx): Promise<UnknownPayment[]> =>
  tx.query<UnknownPayment>(`${UNKNOWN} order by m.submitted_at limit 200`);

type OpenMove = Pick<UnknownPayment, 'submittedAt' | 'reference' | 'endedAt' | 'mustBeMade'>;

/** When a move without an end is surely not sent again under its key. */
export const sureAt = ({ submittedAt }: OpenMove, resendMs: number): number =>
  Date.parse(submittedAt) + resendMs;

/** The network has it and will say what becomes of it. */
const isOnItsWay = ({ reference, endedAt }: OpenMove): boolean => reference !== null && endedAt === null;

type IfNotMade = 'decides' | 'may_be_sent' | 'on_its_way' | 'must_be_made';

/** What comes of it that a move was not made: who makes one by hand that may still be made pays twice. */
export function ifNotMade(move: OpenMove, resendMs: number): IfNotMade {
  if (isOnItsWay(move)) return 'on_its_way';
  if (move.endedAt === null && Date.now() < sureAt(move, resendMs)) return 'may_be_sent';
  return move.mustBeMade ? 'must_be_made' : 'decides';
}

interface Decision {
  /** of the payment, or of the refund */
  id: string;
  /** of the transfer that was looked at */
  refId: string;
  adminId: string;
  outcome: ByHand;
  reason: string;
  /** for how long after its first call a move may be made again under its key: until then nobody can say `not_made` */
  resendMs: number;
}

/**
 * One of two people says what has become of the money. With the second who says the same it counts, and the payment goes
 * on. Each says it once.
 */
export async function decideByHand(tx: Tx, decision: Decision): Promise<{ counts: boolean }> {
  const { id, refId, adminId, outcome, reason, resendMs } = decision;
  const payment = await lockPayment(tx, await paymentOf(tx, id));
  // What is heard of its moves meanwhile comes before this or after it.
  await tx.query('select 1 from wallet_moves where payment_id = $1 for no key update', [payment.id]);
  const [unknown] = await tx.query<UnknownPayment>(`${UNKNOWN} and coalesce(o.refund_id, p.id) = $1`, [id]);
  if (unknown === undefined) {
    throw new MooringError('payment_not_open', 'What became of this is known: there is nothing to decide.', {
      details: { state: payment.state },
    });
  }
  if (refIdOf(unknown) !== refId) {
    throw new MooringError(
      'payment_not_open',
      `What became of ${refId} is known: ${refIdOf(unknown)} holds it up now. Look at that one.`,
      { details: { state: payment.state, ref_id: refIdOf(unknown) } },
    );
  }
  requireDeciding(unknown, { outcome, state: payment.state, resendMs });
  await tx.query(
    `insert into wallet_decisions (move_key, admin_id, outcome, reason) values ($1, $2, $3, $4)
     on conflict (move_key, admin_id) do nothing`,
    [unknown.moveKey, adminId, outcome, reason],
  );
  const [mine] = await tx.query<{ outcome: ByHand }>(
    'select outcome from wallet_decisions where move_key = $1 and admin_id = $2',
    [unknown.moveKey, adminId],
  );
  if (mine?.outcome !== outcome) {
    throw new MooringError(
      'idempotency_conflict',
      'You have said otherwise before; the other one decides now.',
    );
  }
  const [said] = await tx.query<{ count: bigint }>(
    'select count(*) from wallet_decisions where move_key = $1 and outcome = $2',
    [unknown.moveKey, outcome],
  );
  if ((said?.count ?? 0n) < 2n) return { counts: false };
  await tx.query('update wallet_moves set by_hand = $2 where key = $1', [unknown.moveKey, outcome]);
  await wakeMover(tx, unknown);
  return { counts: true };
}

/** Throws payment_not_open where what an admin says of this move can decide nothing now. */
function requireDeciding(
  move: UnknownPayment,
  { outcome, state, resendMs }: { outcome: ByHand; state: PaymentState; resendMs: number },
): void {
  const leftMs = Math.max(0, sureAt(move, resendMs) - Date.now());
  const comes = ifNotMade(move, resendMs);
  if (outcome === 'made' && (comes !== 'on_its_way' || leftMs === 0)) return;
  switch (comes) {
    case 'decides':
      return;
    case 'on_its_way':
      throw new MooringError(
        'payment_not_open',
        `The network has it as ${move.reference ?? ''}, and it may still be made or refused there: its end decides. One that hangs is accelerated or cancelled in the network's console.`,
        { details: { state, ...(outcome === 'made' ? { retry_after_ms: leftMs } : {}) } },
      );
    case 'may_be_sent':
      throw new MooringError(
        'payment_not_open',
        'It may still be sent again under its key, and be made then: look again when that is over, and make no other transfer for it before.',
        { details: { state, retry_after_ms: leftMs } },
      );
    case 'must_be_made': {
      const amount = formatUsdc(move.moveMicros);
      throw new MooringError(
        'payment_not_open',
        `${amount} USDC still has to go from ${move.from} to ${move.to}: make that transfer at the network, then say made.`,
        { details: { state } },
      );
    }
  }
}

async function paymentOf(tx: Tx, id: string): Promise<string> {
  const [refund] = await tx.query<{ paymentId: string }>(
    'select payment_id as "paymentId" from refunds where id = $1',
    [id],
  );
  return refund?.paymentId ?? id;
}
