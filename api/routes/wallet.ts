import { Router } from 'express';
import { z } from 'zod';
import { approvedParts, getBudgets, setBudgets } from '../../db/budgets';
import type { ApprovedParts } from '../../db/budgets';
import type { Tx } from '../../db/database';
import { wallet } from '../../db/ledger';
import { addRule, listRules, revokeRule } from '../../db/standing-rules';
import type { StandingRule } from '../../db/standing-rules';
import { unknownPaymentsOf } from '../../db/payment-pages';
import { heldParts, topUp } from '../../db/wallet';
import { MooringError } from '../../domain/errors';
import { formatUsdc } from '../../domain/money';
import type { MicroUsdc } from '../../domain/money';
import { asUser, systemFor } from '../../domain/principal';
import { newId } from '../../lib/ids';
import { ownAccount } from '../auth/sign-in';
import type { ApiContext } from '../context';
import { unknownMoveView } from '../unknown-move-view';
import { ClientId, SomeUsdc, Usdc } from '../schemas';

// Enough for a test, and a thousand of them still fit into what an account can count.
const MOST_TEST_MONEY = 1_000_000_000_000n;
const TopUp = z.strictObject({
  amount_usdc: SomeUsdc.refine((micros) => micros <= MOST_TEST_MONEY, 'must be at most 1000000'),
  id: z.exactOptional(ClientId),
});
const NewBudgets = z.strictObject({ day_usdc: Usdc.nullable(), month_usdc: Usdc.nullable() });
const RULE_ID = /^rul_\w{21}$/;
const NewRule = z
  .strictObject({
    agent_id: z
      .string()
      .regex(/^agt_\w{21}$/, 'must be the id of an agent')
      .nullable()
      .default(null),
    payment_usdc: SomeUsdc,
    day_usdc: SomeUsdc.nullable().default(null),
  })
  .refine(({ payment_usdc: one, day_usdc: day }) => day === null || day >= one, {
    path: ['day_usdc'],
    message: 'must be at least payment_usdc',
  });

/** What a person has, what they may spend, and what they approve beforehand. */
export function walletRoutes({ db, caller, origins }: ApiContext): Router {
  const router = Router();
  router.get('/api/wallet', async (req, res) => {
    const userId = await caller(req);
    res.json(await db.withTx(asUser(userId), 'wallet.read', (tx) => wholeWallet(tx, userId)));
  });

  router.post('/api/wallet/top-up', async (req, res) => {
    if (!origins.isDevelopmentDoor(req)) throw new MooringError('not_found', 'There is nothing here.');
    const userId = await caller(req);
    const { amount_usdc: amountMicros, id = newId('top') } = TopUp.parse(req.body);
    const key = `top_up/${userId}/${id}`;
    const after = await db.withTx(systemFor(userId), 'wallet.top-up', async (tx) => {
      await ownAccount(tx, userId);
      await topUp(tx, { userId, amountMicros, key });
      return wallet(tx, userId);
    });
    res.status(201).json(walletView(after));
  });

  router.get('/api/wallet/budgets', async (req, res) => {
    const userId = await caller(req);
    res.json(await db.withTx(asUser(userId), 'budget.read', (tx) => budgetsOf(tx, userId)));
  });

  router.put('/api/wallet/budgets', async (req, res) => {
    const userId = await caller(req);
    const { day_usdc: dayMicros, month_usdc: monthMicros } = NewBudgets.parse(req.body);
    const answer = await db.withTx(asUser(userId), 'budget.set', async (tx) => {
      await ownAccount(tx, userId);
      await setBudgets(tx, userId, { dayMicros, monthMicros });
      return budgetsOf(tx, userId);
    });
    res.json(answer);
  });

  router.get('/api/wallet/rules', async (req, res) => {
    const userId = await caller(req);
    const rules = await db.withTx(asUser(userId), 'rule.list', (tx) => listRules(tx, userId));
    res.json({ rules: rules.map(ruleView) });
  });

  router.post('/api/wallet/rules', async (req, res) => {
    const userId = await caller(req);
    const wish = NewRule.parse(req.body);
    const rule = await db.withTx(asUser(userId), 'rule.add', async (tx) => {
      await ownAccount(tx, userId);
      return addRule(tx, userId, {
        agentId: wish.agent_id,
        paymentMicros: wish.payment_usdc,
        dayMicros: wish.day_usdc,
      });
    });
    res.status(201).json(ruleView(rule));
  });

  router.delete('/api/wallet/rules/:id', async (req, res) => {
    const userId = await caller(req);
    const { id } = req.params;
    if (!RULE_ID.test(id)) throw new MooringError('not_found', 'There is no such rule.');
    await db.withTx(asUser(userId), 'rule.revoke', (tx) => revokeRule(tx, userId, id));
    res.json({ ok: true });
  });
  return router;
}

const walletView = ({ balanceMicros, heldMicros }: Awaited<ReturnType<typeof wallet>>) => ({
  balance_usdc: formatUsdc(balanceMicros),
  held_usdc: formatUsdc(heldMicros),
});

async function wholeWallet(tx: Tx, userId: string) {
  const balance = await wallet(tx, userId);
  const parts = await heldParts(tx, { userId, heldMicros: balance.heldMicros });
  const unknown = parts.unknownMicros === 0n ? [] : await unknownPaymentsOf(tx, userId);
  return {
    ...walletView(balance),
    held: {
      waiting_usdc: formatUsdc(parts.waitingMicros),
      working_usdc: formatUsdc(parts.workingMicros),
      unknown_usdc: formatUsdc(parts.unknownMicros),
    },
    unknown: unknown.map(({ id, agentName, action, amountMicros, ...move }) => ({
      ...{
        payment_id: id,
        agent_name: agentName,
        action,
        amount_usdc: formatUsdc(amountMicros),
        ...unknownMoveView(move),
      },
    })),
  };
}

async function budgetsOf(tx: Tx, userId: string) {
  const [budgets, parts] = [await getBudgets(tx, userId), await approvedParts(tx, userId)];
  return {
    day_usdc: orNull(budgets.dayMicros),
    month_usdc: orNull(budgets.monthMicros),
    approved_day_usdc: formatUsdc(sumOf(parts.day)),
    approved_month_usdc: formatUsdc(sumOf(parts.month)),
    day: partsView(parts.day),
    month: partsView(parts.month),
  };
}

const sumOf = ({ paidMicros, heldMicros, unknownMicros }: ApprovedParts): MicroUsdc =>
  paidMicros + heldMicros + unknownMicros;

const partsView = ({ paidMicros, heldMicros, unknownMicros }: ApprovedParts) => ({
  paid_usdc: formatUsdc(paidMicros),
  held_usdc: formatUsdc(heldMicros),
  unknown_usdc: formatUsdc(unknownMicros),
});

const orNull = (micros: MicroUsdc | null): string | null => (micros === null ? null : formatUsdc(micros));

const ruleView = ({ id, agentId, agentName, paymentMicros, dayMicros, createdAt }: StandingRule) => ({
  id,
  agent_id: agentId,
  agent_name: agentName,
  payment_usdc: formatUsdc(paymentMicros),
  day_usdc: orNull(dayMicros),
  created_at: createdAt,
});
