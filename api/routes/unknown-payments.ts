import { Router } from 'express';
import { z } from 'zod';
import { decideByHand, ifNotMade, sureAt, unknownPayments } from '../../db/wallet-decisions';
import type { UnknownPayment } from '../../db/wallet-decisions';
import { MooringError } from '../../domain/errors';
import { formatUsdc } from '../../domain/money';
import { SYSTEM, systemFor } from '../../domain/principal';
import { refIdOf, refusalOf } from '../../domain/wallet';
import { requireAdmin } from '../auth/admin';
import { ownAccount } from '../auth/sign-in';
import type { ApiContext } from '../context';

const Decision = z.strictObject({
  /** of the move that was looked at: meanwhile it may be another that holds the payment up */
  ref_id: z.string().min(1).max(200),
  outcome: z.enum(['made', 'not_made']),
  reason: z.string().trim().min(1).max(500),
});

/** Payments of which nobody knows whether money moved, and what two admins have found out of them. */
export function unknownPaymentRoutes({ config, db, caller }: ApiContext): Router {
  const router = Router();
  // A call that is under way when the time is over, and the one after it.
  const { MOORING_WALLET_RESEND_MS: windowMs, MOORING_WALLET_TIMEOUT_MS: callMs } = config;
  const resendMs = windowMs + Math.min(windowMs, 2 * callMs);
  router.get('/api/admin/unknown-payments', async (req, res) => {
    const userId = await caller(req);
    const found = await db.withTx(SYSTEM, 'wallet.unknown', async (tx) => {
      requireAdmin(config, await ownAccount(tx, userId));
      return unknownPayments(tx);
    });
    res.json({ payments: found.map((payment) => view(payment, resendMs)) });
  });

  router.post('/api/admin/unknown-payments/:id/decide', async (req, res) => {
    const adminId = await caller(req);
    const { id } = req.params;
    const { ref_id: refId, outcome, reason } = Decision.parse(req.body);
    if (!/^(pay|rfd)_\w{21}$/.test(id)) throw new MooringError('not_found', 'There is no such payment.');
    const { counts } = await db.withTx(systemFor(adminId), 'wallet.decide', async (tx) => {
      requireAdmin(config, await ownAccount(tx, adminId));
      return decideByHand(tx, { id, refId, adminId, outcome, reason, resendMs });
    });
    res.json({ id, outcome, counts });
  });
  return router;
}

const view = (payment: UnknownPayment, resendMs: number) => ({
  id: payment.id,
  payment_id: payment.paymentId,
  refund_id: payment.refundId,
  if_not_made: ifNotMade(payment, resendMs),
  user_id: payment.userId,
  user_name: payment.userName,
  agent_name: payment.agentName,
  action: payment.action,
  amount_usdc: formatUsdc(payment.amountMicros),
  move: {
    step: payment.step,
    amount_usdc: formatUsdc(payment.moveMicros),
    network: payment.network,
    from: payment.from,
    to: payment.to,
    state: payment.state,
    refused: refusalOf(payment) !== null,
    reference: payment.reference,
    ref_id: refIdOf(payment),
    submitted_at: payment.submittedAt,
    sure_at: new Date(sureAt(payment, resendMs)).toISOString(),
    unknown_since: payment.unknownSince,
  },
  decisions: payment.decisions,
});
