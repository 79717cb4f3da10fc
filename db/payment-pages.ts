import { MooringError } from '../domain/errors';
import type { MicroUsdc } from '../domain/money';
import type { PaymentState, RefundState } from '../domain/payment';
import type { TaskStatus } from '../domain/task';
import type { MoveStep, RefusalCode } from '../domain/wallet';
import type { Tx } from './database';
import type { WithdrawReason } from './payments';

/** A payment as people look at it. */
export interface PaymentRecord {
  id: string;
  userId: string;
  agentOwnerId: string;
  sessionId: string;
  taskId: string | null;
  taskStatus: TaskStatus | null;
  agentId: string;
  agentName: string;
  action: string;
  state: PaymentState;
  amountMicros: MicroUsdc;
  feeMicros: MicroUsdc;
  capturedMicros: MicroUsdc | null;
  refundedMicros: MicroUsdc;
  /** by refunds that are pending */
  returningMicros: MicroUsdc;
  decidedBy: 'person' | 'standing' | null;
  /** a turn was cancelled, its chat closed, or the offer changed: nothing is to come of it */
  withdrawn: WithdrawReason | null;
  expiresAt: string;
  captureDeadline: string;
  createdAt: string;
  /** its place in a list, to the microsecond */
  listedAt: string;
}

/** Of a payment `p`, what refunds give back that have not come to their end. */
export const RETURNING = `(select coalesce(sum(r.amount_micros), 0)::bigint from refunds r
     where r.payment_id = p.id and r.state = 'pending')`;

const SELECT = `select p.id, p.user_id as "userId", p.agent_owner_id as "agentOwnerId", p.session_id as "sessionId",
    t.id as "taskId", t.status as "taskStatus", p.agent_id as "agentId",
    p.agent_name as "agentName", p.action, p.state, p.amount_micros as "amountMicros", p.fee_micros as "feeMicros",
    p.captured_micros as "capturedMicros", p.refunded_micros as "refundedMicros", ${RETURNING} as "returningMicros", p.decided_by as "decidedBy",
    p.withdrawn, p.expires_at as "expiresAt", p.capture_deadline as "captureDeadline", p.created_at as "createdAt",
    p.created_at::text as "listedAt"
  from payments p left join tasks t on t.payment_id = p.id`;

/** Who pays, newest first, keyset-paged by (created_at, id). */
export const listPayments = (
  tx: Tx,
  page: {
    userId: string;
    state: PaymentState | null;
    before: { at: string; id: string } | null;
    limit: number;
  },
): Promise<PaymentRecord[]> =>
  tx.query<PaymentRecord>(
    `${SELECT}
      where p.user_id = $1 and ($2::text is null or p.state = $2)
        and ($3::timestamptz is null or (p.created_at, p.id) < ($3, $4))
      order by p.created_at desc, p.id desc limit $5`,
    [page.userId, page.state, page.before?.at ?? null, page.before?.id ?? null, page.limit],
  );

export interface PaymentTimeline {
  payment: PaymentRecord;
  events: { to: PaymentState; at: string }[];
  refunds: RefundPart[];
  /** null: it is known */
  unknown: Unknown | null;
}

export interface RefundPart {
  amountMicros: MicroUsdc;
  reason: string;
  state: RefundState;
  /** why nothing has moved; null: it has not failed */
  failure: RefusalCode | null;
  /** null: it is known */
  unknown: Unknown | null;
  at: string;
}

/** Which transfer holds a payment or a refund up, and since when it was on its way. */
export interface Unknown {
  step: MoveStep | null;
  /** of the transfer; null: none was written down */
  moveMicros: MicroUsdc | null;
  /** the network has said no, so people make it; else nobody knows whether it was made */
  refused: boolean;
  since: string;
}

const UNKNOWN_MOVE = `left join lateral (
    select step, amount_micros, submitted_at, ended_at is not null as refused from wallet_moves
     where payment_id = p.id and refund_id is null and by_hand is null and state <> 'COMPLETE'
     order by submitted_at limit 1) m on true`;

const UNKNOWN_COLUMNS = `m.step, m.amount_micros as "moveMicros", coalesce(m.refused, false) as refused,
            coalesce(m.submitted_at, p.decided_at) as since`;

/** Those of one person, newest first. */
export const unknownPaymentsOf = (
  tx: Tx,
  userId: string,
): Promise<(Unknown & Pick<PaymentRecord, 'id' | 'agentName' | 'action' | 'amountMicros'>)[]> =>
  tx.query(
    `select p.id, p.agent_name as "agentName", p.action, p.amount_micros as "amountMicros",
            ${UNKNOWN_COLUMNS}
       from payments p ${UNKNOWN_MOVE}
      where p.user_id = $1 and p.state = 'UNKNOWN' order by p.created_at desc, p.id desc limit 20`,
    [userId],
  );

/** Throws not_found where this person neither pays nor is paid, and does not operate the platform. */
export async function readPayment(
  tx: Tx,
  { id, userId, isAdmin }: { id: string; userId: string; isAdmin: boolean },
): Promise<PaymentTimeline> {
  const [payment] = await tx.query<PaymentRecord>(`${SELECT} where p.id = $1`, [id]);
  if (payment === undefined || !(isAdmin || [payment.userId, payment.agentOwnerId].includes(userId))) {
    throw new MooringError('not_found', 'There is no such payment.');
  }
  const [events, refunds, [move]] = await Promise.all([
    tx.query<PaymentTimeline['events'][number]>(
      `select to_state as "to", created_at as at from payment_events where payment_id = $1 order by id`,
      [id],
    ),
    refundsOf(tx, id),
    tx.query<Unknown>(`select ${UNKNOWN_COLUMNS} from payments p ${UNKNOWN_MOVE} where p.id = $1`, [id]),
  ]);
  const isUnknown = payment.state === 'UNKNOWN' && move !== undefined;
  return {
    payment,
    events,
    refunds,
    unknown: isUnknown ? move : null,
  };
}

/** In order. One that was refused before anything of it moved has failed, and is not unknown. */
async function refundsOf(tx: Tx, paymentId: string): Promise<RefundPart[]> {
  const rows = await tx.query<Omit<RefundPart, 'unknown'> & Unknown & { isUnknown: boolean }>(
    `select r.amount_micros as "amountMicros", r.reason, r.state, r.failure, r.created_at as at,
            m.key is not null as "isUnknown", m.step, m.amount_micros as "moveMicros",
            m.ended_at is not null as refused, m.submitted_at as since
       from refunds r
       left join lateral (
         select * from wallet_moves w
          where w.refund_id = r.id and r.state = 'pending' and w.by_hand is null and w.state <> 'COMPLETE'
          order by w.submitted_at limit 1) m
         on m.unknown_since is not null or m.ended_at is not null and exists (
              select from wallet_moves w where w.refund_id = r.id and (w.by_hand = 'made' or w.state = 'COMPLETE'))
      where r.payment_id = $1 order by r.created_at, r.key`,
    [paymentId],
  );
  return rows.map(({ isUnknown, step, moveMicros, refused, since, ...refund }) => ({
    ...refund,
    unknown: isUnknown ? { step, moveMicros, refused, since } : null,
  }));
}
