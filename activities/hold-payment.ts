import type { Tx } from '../db/database';
import { appendFrames } from '../db/events';
import { holdPayment, releasePayment } from '../db/payment-money';
import { setPaymentState } from '../db/payments';
import type { Payment } from '../db/payments';
import { paymentAhead } from '../db/second-payments';
import { setPhase } from '../db/sessions';
import { answerToolCall, getToolCall } from '../db/tool-calls';
import type { ToolCall } from '../db/tool-calls';
import { sayStatus } from '../db/tool-status';
import { hasMoves, requireNetwork } from '../db/wallet-moves';
import { MooringError } from '../domain/errors';
import type { LogFrame } from '../domain/frames';
import { formatUsdc } from '../domain/money';
import { chatError } from './chat-error';
import { at, paymentFrame, pendingFrame, stall } from './payment-words';
import type { Step } from './payment-words';
import type { WalletDriver } from './wallets/driver';
import { holdMoves, makeMoves } from './wallets/payment-moves';

/** Reserves the amount in the ledger, and moves it where it is held. Asked again, it goes on from where it is. */
export async function holdFunds(tx: Tx, wallets: WalletDriver, payment: Payment): Promise<Step> {
  if (payment.state === 'AUTHORIZING') {
    if (payment.withdrawn !== null && !(await hasMoves(tx, payment.id))) return drop(tx, payment);
    const ahead = await paymentAhead(tx, payment);
    if (ahead?.state === 'UNKNOWN') return end(tx, payment, { to: 'FAILED', words: END_WORDS.NOT_KNOWN });
    if (ahead !== null) return waitBehind(payment, ahead.since);
  }
  try {
    await holdPayment(tx, payment);
  } catch (error) {
    if (!(error instanceof MooringError) || error.code !== 'insufficient_funds') throw error;
    return end(tx, payment, { to: 'FAILED' });
  }
  await requireNetwork(tx, payment, wallets.network);
  const awaited = await makeMoves(tx, wallets, holdMoves(payment));
  if (awaited?.kind === 'refused') {
    await releasePayment(tx, payment, 'voided');
    return payment.withdrawn === null
      ? end(tx, payment, { to: 'FAILED', words: END_WORDS.REFUSED })
      : drop(tx, payment);
  }
  if (awaited !== null) return stall(tx, payment, awaited);
  if (payment.state === 'UNKNOWN') {
    const session = { id: payment.sessionId, userId: payment.userId };
    await appendFrames(tx, session, [pendingFrame(payment, { state: 'HELD' })]);
  }
  return at(await tellHeld(tx, await setPaymentState(tx, payment, { to: 'HELD' })));
}

const WAIT_LEAST_MS = 1_000;
const WAIT_MOST_MS = 60_000;

/** Until it is known what becomes of the one before it, this one is asked again: seldom and seldomer. */
function waitBehind(payment: Payment, since: string): Step {
  const now = Date.now();
  const wait = Math.min(WAIT_MOST_MS, Math.max(WAIT_LEAST_MS, (now - Date.parse(since)) / 4));
  const { progress, awaited } = at(payment);
  return { progress: { ...progress, lookAt: new Date(now + wait).toISOString() }, awaited };
}

/** It was withdrawn between the person's yes and the hold. */
async function drop(tx: Tx, payment: Payment): Promise<Step> {
  const failed = await setPaymentState(tx, payment, { to: 'FAILED' });
  const reason = payment.withdrawn ?? 'turn_cancelled';
  if (reason === 'offer_changed') {
    await tellEnd(tx, failed, END_WORDS.OFFER_CHANGED);
    return at(failed);
  }
  await appendFrames(tx, { id: payment.sessionId, userId: payment.userId }, [
    paymentFrame('PAYMENT_FAILED', payment, { state: 'FAILED', reason }),
  ]);
  return at(failed);
}

async function tellHeld(tx: Tx, payment: Payment): Promise<Payment> {
  const call = await getToolCall(tx, payment.toolCallId);
  // Taken back while the network was asked: what is held comes back.
  if (call.state === 'done') return payment;
  await goOn(tx, call);
  await sayStatus(tx, call, {
    state: 'done',
    text: `${approvalOf(payment)} ${formatUsdc(payment.amountMicros)} USDC; it is held for ${payment.agentName}`,
    agent_id: payment.agentId,
    agent_name: payment.agentName,
  });
  await answerToolCall(tx, payment.toolCallId, {
    result: { status: 'held', payment_id: payment.id, amount_usdc: formatUsdc(payment.amountMicros) },
  });
  return payment;
}

function approvalOf({ decidedBy, ruleId }: Payment): string {
  if (decidedBy !== 'standing') return 'You approved';
  return ruleId === null ? 'Approved when you opened the chat:' : 'Approved by a rule of yours:';
}

/** The turn that waited for the answer works again; one that went on without it has moved on by itself. */
async function goOn(tx: Tx, call: ToolCall): Promise<void> {
  if (call.state === 'waiting') await setPhase(tx, call.sessionId, 'WORKING');
}

/** Ends an offer before any money has moved. */
export async function end(
  tx: Tx,
  payment: Payment,
  { to, words = END_WORDS[to] }: { to: 'EXPIRED' | 'FAILED'; words?: EndWords },
): Promise<Step> {
  const ended = await setPaymentState(tx, payment, { to });
  await tellEnd(tx, ended, words);
  return at(ended);
}

export const END_WORDS = {
  DECLINED: { text: 'You declined; nothing was paid', reason: 'declined', status: 'declined' },
  EXPIRED: {
    text: 'The offer ended without an answer; nothing was paid',
    reason: 'expired',
    status: 'expired',
  },
  FAILED: {
    text: 'The wallet holds less than the price; nothing was paid',
    reason: 'insufficient_funds',
    status: 'refused',
  },
  REFUSED: {
    text: 'The network of the wallets did not take the payment; nothing was paid',
    reason: 'wallet_refused',
    status: 'refused',
  },
  NOT_KNOWN: {
    text: 'We do not know yet whether an earlier payment to this agent was made; nothing more was paid',
    reason: 'payment_unknown',
    status: 'refused',
  },
  OFFER_CHANGED: {
    text: 'The agent changed its terms before it was paid; nothing was paid',
    reason: 'offer_changed',
    status: 'void',
  },
} as const;
type EndWords = (typeof END_WORDS)[keyof typeof END_WORDS];

export async function tellEnd(tx: Tx, payment: Payment, words: EndWords): Promise<void> {
  const { state } = payment;
  const call = await getToolCall(tx, payment.toolCallId);
  if (call.state === 'done') return;
  await goOn(tx, call);
  const frames: LogFrame[] = [paymentFrame('PAYMENT_FAILED', payment, { state, reason: words.reason })];
  if (words === END_WORDS.DECLINED)
    frames.push(chatError({ code: 'payment_declined', message: words.text, turnId: payment.turnId }));
  await appendFrames(tx, { id: payment.sessionId, userId: payment.userId }, frames);
  await sayStatus(tx, call, {
    state: 'failed',
    text: words.text,
    agent_id: payment.agentId,
    agent_name: payment.agentName,
  });
  await answerToolCall(tx, payment.toolCallId, {
    result: { status: words.status, payment_id: payment.id, reason: words.reason },
  });
}
