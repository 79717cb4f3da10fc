import type { MicroUsdc } from './money';

/**
 * What a payment does to wallets, each at most once: into escrow, out of it to the agent's owner and to the platform,
 * or back; and what each of its refunds does: back from the owner, and from the platform.
 */
export const MOVE_STEPS = ['hold', 'capture', 'fee', 'void', 'refund', 'refund_fee'] as const;
export type MoveStep = (typeof MOVE_STEPS)[number];

/**
 * How far a move has come; only ever forward. SUBMITTED is ours: stored before the first call. The others are the
 * network's words; CONFIRMED is not final, COMPLETE is.
 */
export const MOVE_RANKS = {
  SUBMITTED: 0,
  INITIATED: 1,
  QUEUED: 2,
  CLEARED: 3,
  SENT: 4,
  STUCK: 5,
  CONFIRMED: 6,
  COMPLETE: 7,
  FAILED: 7,
  DENIED: 7,
  CANCELLED: 7,
} as const;
export type MoveState = keyof typeof MOVE_RANKS;

const FINAL_RANK = MOVE_RANKS.COMPLETE;
export const isFinal = (state: MoveState): boolean => MOVE_RANKS[state] === FINAL_RANK;

/** A word of the network as a state of ours. Its webhooks write CANCELED, its API CANCELLED. Null: no word we know. */
export function moveStateOf(word: string): MoveState | null {
  const state = word === 'CANCELED' ? 'CANCELLED' : word;
  return state !== 'SUBMITTED' && state in MOVE_RANKS ? (state as MoveState) : null;
}

export interface WalletMove {
  /** of a UUID v4's shape, from payment, step and refund: stored before the first call, the same in every one */
  key: string;
  paymentId: string;
  step: MoveStep;
  /** null: it is the payment's own */
  refundId: string | null;
  /** accounts of the ledger; the driver knows their wallets */
  from: string;
  to: string;
  amountMicros: MicroUsdc;
}

/** A move that was handed to a network, or is about to be. */
export interface SubmittedMove extends WalletMove {
  /** stored before the first call */
  submittedAt: string;
  /** the network's name of it; null: no answer has told it */
  reference: string | null;
}

/** What is known of a move. `unknown`: it may have been made, and may not. */
export type MoveOutcome =
  | { kind: 'done'; reference: string }
  | { kind: 'pending'; state: MoveState; reference: string | null }
  | { kind: 'refused'; state: MoveState; reference: string | null; code: RefusalCode }
  | { kind: 'unknown'; why: string };

/** Why a move was not made, and never will be under its key. */
export type RefusalCode =
  'wallet_failed' | 'wallet_denied' | 'wallet_cancelled' | 'wallet_rejected' | 'wallet_not_made';

const REFUSALS: Partial<Record<MoveState, RefusalCode>> = {
  FAILED: 'wallet_failed',
  DENIED: 'wallet_denied',
  CANCELLED: 'wallet_cancelled',
};

/** Null: it is on its way, or done. One that never got a reference was refused as it was asked for. */
export function refusalOf({
  state,
  reference,
}: {
  state: MoveState;
  reference: string | null;
}): RefusalCode | null {
  const code = REFUSALS[state] ?? null;
  return code === 'wallet_failed' && reference === null ? 'wallet_rejected' : code;
}

/** What two people have found out of a move. */
export type ByHand = 'made' | 'not_made';

/** How far an outcome says that a move is; null: it tells of no transfer that the network has. */
export function toldState(outcome: MoveOutcome): MoveState | null {
  if (outcome.kind === 'unknown' || outcome.reference === null) return null;
  return outcome.kind === 'done' ? 'COMPLETE' : outcome.state;
}

/** For the log. */
export const AGAINST = 'the network tells otherwise of a move than two people have said: the books are wrong';

/** Whether a network tells otherwise than people have said: the books are wrong then. */
export function isAgainst(byHand: ByHand, state: MoveState): boolean {
  const isRefused = isFinal(state) && state !== 'COMPLETE';
  return byHand === 'made' ? isRefused : !isRefused;
}

/** By which a network that keeps references can be asked for a move. */
export const refIdOf = ({
  paymentId,
  step,
  refundId,
}: Pick<WalletMove, 'paymentId' | 'step' | 'refundId'>): string =>
  refundId === null ? `${paymentId}/${step}` : `${paymentId}/${step}/${refundId}`;
