import { Router } from 'express';
import { z } from 'zod';
import { readEarnings, receivedPayments } from '../../db/earnings';
import type { AgentEarnings, Earnings, ReceivedPayment } from '../../db/earnings';
import { formatUsdc } from '../../domain/money';
import { asUser } from '../../domain/principal';
import type { ApiContext } from '../context';
import { readCursor, writeCursor } from '../cursor';

const Page = z.strictObject({
  cursor: z.exactOptional(z.string().max(200)),
  limit: z.coerce.number().int().min(1).max(100).default(20),
});

/** What a person's agents have earned, and what they were paid for. */
export function earningsRoutes({ config, db, caller }: ApiContext): Router {
  const router = Router();
  router.get('/api/earnings', async (req, res) => {
    const userId = await caller(req);
    const earnings = await db.withTx(asUser(userId), 'earnings.read', (tx) => readEarnings(tx, userId));
    res.json({ ...view(earnings), fee_percent: percentOf(config.MOORING_PLATFORM_FEE_BPS) });
  });

  router.get('/api/earnings/payments', async (req, res) => {
    const userId = await caller(req);
    const { cursor, limit } = Page.parse(req.query);
    const before = cursor === undefined ? null : readCursor(cursor);
    const found = await db.withTx(asUser(userId), 'earnings.payments', (tx) =>
      receivedPayments(tx, { ownerId: userId, before, limit: limit + 1 }),
    );
    const page = found.slice(0, limit);
    const last = page.at(-1);
    const next = found.length > limit && last !== undefined;
    res.json({
      payments: page.map(paymentView),
      next_cursor: next ? writeCursor({ at: last.listedAt, id: last.id }) : null,
    });
  });
  return router;
}

/** 250 hundredths of a percent are “2.5”. */
export const percentOf = (basisPoints: number): string => String(basisPoints / 100);

const view = (earnings: Earnings) => ({
  month_since: earnings.monthSince,
  earned_usdc: formatUsdc(earnings.earnedMicros),
  held_usdc: formatUsdc(earnings.held.micros),
  held_payments: earnings.held.payments,
  unknown_usdc: formatUsdc(earnings.unknown.micros),
  unknown_payments: earnings.unknown.payments,
  balance_usdc: formatUsdc(earnings.balanceMicros),
  jobs: jobsView(earnings.jobs),
  agents: earnings.agents.map(agentView),
});

const jobsView = ({ delivered, cameBack }: Earnings['jobs']) => ({ delivered, came_back: cameBack });

const agentView = ({ id, slug, name, status, health, priceUsdc, ...earned }: AgentEarnings) => ({
  ...{ id, slug, name, status, health },
  price_usdc: priceUsdc,
  earned_usdc: formatUsdc(earned.earnedMicros),
  jobs: jobsView(earned.jobs),
});

const paymentView = (payment: ReceivedPayment) => ({
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
  created_at: payment.createdAt,
});
