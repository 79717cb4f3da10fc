import { z } from 'zod';
import { MooringError } from '../domain/errors';
import { SOCKET_LIMITS } from '../domain/frames';
import { parseUsdc } from '../domain/money';

export const SESSION_ID = /^ses_\w{21}$/;

/** A client's own name for what it sends; repeated, it is answered as the first was. `outcome/` names what we send. */
export const ClientId = z
  .string()
  .min(1)
  .max(200)
  .refine((id) => !id.startsWith('outcome/'), 'must not begin with outcome/');

export const MessageContent = z
  .string()
  .refine((text) => text.trim() !== '', 'must not be empty')
  .refine((text) => Buffer.byteLength(text) <= SOCKET_LIMITS.textBytes.limit, 'must have at most 16 KiB');

export const PaymentAnswer = {
  approved: z.boolean(),
  payment_id: z.exactOptional(z.string().regex(/^pay_\w{21}$/, 'must be the id of a payment')),
};

const promptId = z.string().regex(/^prm_\w{21}$/, 'must be the id of a question');
const turnId = z.string().regex(/^trn_\w{21}$/, 'must be the id of a turn');

export const PromptAnswer = { prompt_id: promptId, answer: MessageContent };

export const ConfirmationAnswer = {
  confirmation_id: z.string().regex(/^hc_\w{21}$/, 'must be the id of a confirmation'),
  approved: z.boolean(),
  note: z.exactOptional(z.string().max(500, 'must have at most 500 characters')),
};

export const TurnToStop = { turn_id: z.exactOptional(turnId) };

export const UsdcText = z
  .string()
  .refine((text) => parseUsdc(text) !== null, 'must be an amount of USDC with at most 6 decimals');
export const Usdc = UsdcText.transform((text) => parseUsdc(text) ?? 0n);
/** More than nothing. */
export const SomeUsdc = Usdc.refine((micros) => micros > 0n, 'must be more than 0');

/** The id in a path. Whatever cannot be one is a chat that does not exist. */
export function sessionIdOf(id: unknown): string {
  if (typeof id === 'string' && SESSION_ID.test(id)) return id;
  throw new MooringError('session_not_found', 'There is no such chat.');
}
