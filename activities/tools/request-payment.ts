import { getActiveAgent } from '../../db/agents';
import type { Database, Tx } from '../../db/database';
import { wallet } from '../../db/ledger';
import { requireBudget } from '../../db/budgets';
import { findHeldPayment, requestPayment } from '../../db/payments';
import type { Payment } from '../../db/payments';
import { refuseWhileUnknown } from '../../db/second-payments';
import { getSession, sessionSpend } from '../../db/sessions';
import type { Session } from '../../db/sessions';
import type { ToolCall } from '../../db/tool-calls';
import { MooringError } from '../../domain/errors';
import { formatUsdc, parseUsdc } from '../../domain/money';
import type { MicroUsdc } from '../../domain/money';
import { platformFee } from '../../domain/payment';
import type { TurnLimits } from '../../domain/session';
import { offeredAction } from './offered-action';
import { requirePlace } from './require-place';
import { createTool } from './run-tool';

export interface RequestPaymentDeps {
  db: Database;
  waitMs: number;
  paymentDeadlineMs: number;
  captureDeadlineMs: number;
  /** where the money lies, as a payment's request names it */
  walletNetwork: string;
  /** the platform's part of a price */
  feeBasisPoints: number;
  turnLimits: TurnLimits;
}

/** Asks the person to pay exactly what the stored terms say. The answer, not the model, moves money. */
export const createRequestPayment = (deps: RequestPaymentDeps) =>
  createTool(deps, {
    name: 'request_payment_confirmation',
    activity: 'requestPayment',
    working: () => 'Preparing the payment',
    look: (call, { agent_id, action: name, amount_usdc, reason }) =>
      Promise.resolve(async (tx) => {
        const { connection, action } = await offeredAction(tx, call.sessionId, { agentId: agent_id, name });
        const price = action.price_usdc === null ? null : parseUsdc(action.price_usdc);
        if (price === null)
          throw new MooringError('invalid_request', `${name} is free: invoke it without a payment.`);
        if (parseUsdc(amount_usdc) !== price) {
          throw new MooringError(
            'invalid_request',
            `The price of ${name} is ${formatUsdc(price)} USDC, not ${amount_usdc}.`,
          );
        }
        await requirePlace(tx, { turnId: call.turnId, agentId: agent_id, most: deps.turnLimits.agents });
        const agent = await getActiveAgent(tx, agent_id);
        const held = await findHeldPayment(tx, {
          sessionId: call.sessionId,
          agentId: agent_id,
          action: name,
          offerHash: connection.offerHash,
        });
        if (held !== null) {
          throw new MooringError(
            'invalid_request',
            `${name} is paid for already: ${held.id} is held. Invoke it.`,
          );
        }
        await refuseWhileUnknown(tx, { userId: call.userId, agentId: agent_id, action: name });
        const { autoApproveMicros } = await requireMoney(tx, call, price);
        const payment = await requestPayment(tx, {
          userId: call.userId,
          sessionId: call.sessionId,
          turnId: call.turnId,
          toolCallId: call.id,
          agent: { id: agent.id, name: agent.name, ownerId: agent.ownerId },
          action: name,
          reason,
          amountMicros: price,
          feeMicros: platformFee(price, deps.feeBasisPoints),
          autoApproveMicros,
          offerHash: connection.offerHash,
          deadlineMs: deps.paymentDeadlineMs,
          captureDeadlineMs: deps.captureDeadlineMs,
          network: deps.walletNetwork,
        });
        const about = { agent_id: agent.id, agent_name: agent.name };
        return payment.state === 'AWAITING_APPROVAL'
          ? { kind: 'wait', state: 'waiting', text: 'Waiting for you to approve the price', about }
          : { kind: 'wait', state: 'now', text: standingWords(payment), about };
      }),
  });

const standingWords = ({ ruleId }: Payment): string =>
  ruleId === null
    ? 'You approved prices like this when you opened the chat'
    : 'You approved prices like this by a rule of yours';

/** The price must lie within the chat's budget, the person's own and their wallet. */
async function requireMoney(tx: Tx, call: ToolCall, price: MicroUsdc): Promise<Session> {
  const session = await getSession(tx, call.sessionId);
  const { agentsMicros, modelMicros, heldMicros, askedMicros } = await sessionSpend(tx, session.id);
  const left = session.budgetMicros - agentsMicros - modelMicros - heldMicros - askedMicros;
  if (price > left) {
    throw new MooringError(
      'budget_exceeded',
      `${formatUsdc(price)} USDC is more than the ${formatUsdc(left < 0n ? 0n : left)} USDC left of this chat’s budget.`,
    );
  }
  await requireBudget(tx, { userId: call.userId, amountMicros: price });
  const { balanceMicros } = await wallet(tx, call.userId);
  if (price > balanceMicros) {
    throw new MooringError(
      'insufficient_funds',
      `The wallet has ${formatUsdc(balanceMicros)} USDC, less than the price.`,
    );
  }
  return session;
}
