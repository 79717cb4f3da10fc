import { Router } from 'express';
import { z } from 'zod';
import { listPayments, readPayment } from '../../db/payment-pages';
import type { PaymentRecord, PaymentTimeline } from '../../db/payment-pages';
import { refundPayment } from '../../db/refunds';
import { MooringError } from '../../domain/errors';
import { formatUsdc } from '../../domain/money';
import { PAYMENT_STATES } from '../../domain/payment';
import { asUser, SYSTEM, systemFor } from '../../domain/principal';
import { walletNetwork } from '../../lib/wallet-settings';
import { isAdmin } from '../auth/admin';
import { ownAccount } from '../auth/sign-in';
import type { ApiContext } from '../context';
import { readCursor, writeCursor } from '../cursor';
import { line } from '../listing-schemas';
import { ClientId, SomeUsdc } from '../schemas';
import { unknownMoveView } from '../unknown-move-view';

const PAYMENT_ID = /^pay_\w{21}$/;

const Page = z.strictObject({
  state: z.exactOptional(z.enum(PAYMENT_STATES)),
  cursor: z.exactOptional(z.string().max(200)),
  limit: z.coerce.number().int().min(1).max(100).default(30),
});

const RefundWish = z.strictObject({
  id: ClientId,
  amount_usdc: z.exactOptional(SomeUsdc),
  reason: line(500),
});

/** What a person pays and is paid, and what an agent's owner gives back. */
export function paymentRoutes({ config, db, caller }: ApiContext): Router {
  const router = Router();
  router.get('/api/payments', async (req, res) => {
    const userId = await caller(req);
    const { state = null, cursor, limit } = Page.parse(req.query);
    const before = cursor === undefined ? null : readCursor(cursor);
    const found = await db.withTx(asUser(userId), 'payment.list', (tx) =>
      listPayments(tx, { userId, state, before, limit: limit + 1 }),
    );
    const page = found.slice(0, limit);
    const last = page.at(-1);
    res.json({
      payments: page.map(paymentView),
      next_cursor:
        found.length > limit && last !== undefined ? writeCursor({ at: last.listedAt, id: last.id }) : null,
    });
  });

  router.get('/api/payments/:id', async (req, res) => {
    const userId = await caller(req);
    const id = paymentIdOf(req.params.id);
    const answer = await db.withTx(SYSTEM, 'payment.read', async (tx) => {
      const admin = isAdmin(config, await ownAccount(tx, userId));
      const timeline = await readPayment(tx, { id, userId, isAdmin: admin });
      const mayRefund = admin || timeline.payment.agentOwnerId === userId;
      return timelineView(timeline, { side: sideOf(timeline.payment, userId), mayRefund });
    });
    res.json(answer);
  });

  router.post('/api/payments/:id/refund', async (req, res) => {
    const userId = await caller(req);
    const paymentId = paymentIdOf(req.params.id);
    const { id: key, amount_usdc: amountMicros = null, reason } = RefundWish.parse(req.body);
    const network = walletNetwork(config);
    const { payment, refund } = await db.withTx(systemFor(userId), 'payment.refund', async (tx) => {
      const admin = isAdmin(config, await ownAccount(tx, userId));
      const { payment: found } = await readPayment(tx, { id: paymentId, userId, isAdmin: admin });
      const owns = found.agentOwnerId === userId;
      if (!owns && !admin)
        throw new MooringError('forbidden', 'The owner of the agent decides over a refund.');
      return refundPayment(tx, { paymentId, key, amountMicros, reason, refundedBy: userId, network });
    });
    res.status(refund.state === 'pending' ? 202 : 200).json({
      payment_id: payment.id,
      state: payment.state,
      refund_state: refund.state,
      amount_usdc: formatUsdc(refund.amountMicros),
      refunded_usdc: formatUsdc(payment.refundedMicros),
    });
  });
  return router;
}

export function paymentIdOf(id: string): string {
  if (PAYMENT_ID.test(id)) return id;
  throw new MooringError('not_found', 'There is no such payment.');
}

const paymentView = (payment: PaymentRecord) => ({
  id: payment.id,
  state: payment.state,
  agent_id: payment.agentId,
  agent_name: payment.agentName,
  action: payment.action,
  amount_usdc: formatUsdc(payment.amountMicros),
  fee_usdc: formatUsdc(payment.feeMicros),
  captured_usdc: payment.capturedMicros === null ? null : formatUsdc(payment.capturedMicros),
  refunded_usdc: formatUsdc(payment.refundedMicros),
  returning_usdc: formatUsdc(payment.returningMicros),
  decided_by: payment.decidedBy,
  withdrawn: payment.withdrawn,
  session_id: payment.sessionId,
  task_id: payment.taskId,
  task_status: payment.taskStatus,
  created_at: payment.createdAt,
  expires_at: payment.expiresAt,
  capture_deadline: payment.captureDeadline,
});

type Side = 'payer' | 'owner' | 'platform';

/** As whom a person looks at it: one who pays an agent of their own, as who pays. */
const sideOf = ({ userId: payer, agentOwnerId }: PaymentRecord, userId: string): Side =>
  payer === userId ? 'payer' : agentOwnerId === userId ? 'owner' : 'platform';

const timelineView = (
  timeline: PaymentTimeline,
  { side, mayRefund }: { side: Side; mayRefund: boolean },
) => ({
  ...paymentView(timeline.payment),
  side,
  refundable_usdc: mayRefund ? refundableOf(timeline.payment) : null,
  unknown: timeline.unknown === null ? null : unknownMoveView(timeline.unknown),
  events: timeline.events.map(({ to, at }) => ({ state: to, at })),
  refunds: timeline.refunds.map(({ amountMicros, reason, state, failure, unknown, at }) => ({
    amount_usdc: formatUsdc(amountMicros),
    reason,
    state,
    failure,
    unknown: unknown === null ? null : unknownMoveView(unknown),
    at,
  })),
});

function refundableOf({
  state,
  capturedMicros,
  refundedMicros,
  returningMicros,
}: PaymentRecord): string | null {
  if (state !== 'CAPTURED' || capturedMicros === null) return null;
  const left = capturedMicros - refundedMicros - returningMicros;
  return left === 0n ? null : formatUsdc(left);
}
