import { z } from 'zod';
import { MooringError } from '../../domain/errors';
import { parseUsdc } from '../../domain/money';
import { moveStateOf, refIdOf, refusalOf } from '../../domain/wallet';
import type { MoveOutcome, SubmittedMove } from '../../domain/wallet';

/** What Circle answers, as far as we go by it. */
export const Wallets = z.object({
  wallets: z.array(
    z.object({ id: z.string(), address: z.string(), refId: z.string().optional(), blockchain: z.string() }),
  ),
});
export const Created = z.object({ id: z.string(), state: z.string() });
export const Transaction = z.object({
  id: z.string(),
  state: z.string(),
  refId: z.string().optional(),
  amounts: z.array(z.string()).optional(),
  destinationAddress: z.string().optional(),
});
export type Transaction = z.infer<typeof Transaction>;
export const OneTransaction = z.object({ transaction: Transaction });
export const Transactions = z.object({ transactions: z.array(Transaction) });
export const Balances = z.object({
  tokenBalances: z.array(z.object({ amount: z.string(), token: z.object({ id: z.string() }) })),
});
export const Fees = z.object({ medium: z.object({ networkFee: z.string() }) });

/** A transaction as Circle tells it. CONFIRMED is not final there: a chain may take it back. */
export function outcomeOf({ id, state: word }: { id: string; state: string }): MoveOutcome {
  const state = moveStateOf(word) ?? 'INITIATED';
  if (state === 'COMPLETE') return { kind: 'done', reference: id };
  const code = refusalOf({ state, reference: id });
  if (code !== null) return { kind: 'refused', state, reference: id, code };
  return { kind: 'pending', state, reference: id };
}

/** Whether it is this move: its reference is, and what it moves to whom is no other. */
export const isOf = (
  transaction: Transaction,
  { move, address }: { move: SubmittedMove; address: string },
): boolean =>
  transaction.refId === refIdOf(move) &&
  parseUsdc(transaction.amounts?.[0] ?? '') === move.amountMicros &&
  transaction.destinationAddress?.toLowerCase() === address.toLowerCase();

/** Nobody has been reached: the request has not left. */
const NOT_SENT = new Set(['ECONNREFUSED', 'ENOTFOUND', 'EAI_AGAIN', 'EHOSTUNREACH', 'ENETUNREACH']);
/** Circle has read the request and will have nothing of it. */
const NEVER = new Set([400, 401, 403, 404, 422]);

export type Failure = 'not-made' | 'never' | 'unknown';

/** What a failed call says of the effect it was to have. */
export function failureOf(error: unknown): Failure {
  const { status, code } = errorParts(error);
  if (status === 429 || NOT_SENT.has(String(code))) return 'not-made';
  return status !== null && NEVER.has(status) ? 'never' : 'unknown';
}

/** Of an error of Circle's client what may be logged: the error itself carries the request with its key. */
function errorParts(error: unknown): { status: number | null; code: string | number | null } {
  const parts =
    typeof error === 'object' && error !== null ? (error as { status?: unknown; code?: unknown }) : {};
  return {
    status: typeof parts.status === 'number' ? parts.status : null,
    code: typeof parts.code === 'number' || typeof parts.code === 'string' ? parts.code : null,
  };
}

/** A failed call in words for the log. */
export function whyOf(call: string, error: unknown): string {
  const { status, code } = errorParts(error);
  const ending =
    status === null ? (code ?? 'an answer that is no answer') : `${status} (${code ?? 'no code'})`;
  return `${call} ended with ${ending}`;
}

/** A call that moves no money: what fails is asked again by whoever asked. */
export async function ask<T>(
  schema: z.ZodType<T>,
  what: string,
  call: () => Promise<{ data?: unknown }>,
): Promise<T> {
  try {
    return schema.parse((await call()).data);
  } catch (error) {
    throw new MooringError('wallet_unavailable', `Circle: ${whyOf(what, error)}.`);
  }
}
