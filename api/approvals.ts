import type { Request } from 'express';
import { z } from 'zod';
import {
  decideConfirmation,
  getConfirmation,
  isBound,
  noSuchConfirmation,
  setCode,
} from '../db/confirmations';
import type { Confirmation, WhichConfirmation } from '../db/confirmations';
import type { Tx } from '../db/database';
import { orderCodeMail } from '../db/mails';
import { getQuestion } from '../db/questions';
import { CODE_MS } from '../domain/confirmation';
import { SYSTEM } from '../domain/principal';
import { hashApprovalToken } from '../lib/approval-links';
import type { Approval } from './approve-page';
import type { ApiContext } from './context';

const Token = z.string().regex(/^[\w-]{64}$/);

/** Anything else leads to no question. Throws not_found. */
export function byToken(token: unknown): { tokenHash: Buffer } {
  const parsed = Token.safeParse(token);
  if (!parsed.success) throw noSuchConfirmation();
  return { tokenHash: hashApprovalToken(parsed.data) };
}

/** The token of a link, as a part of its path or in its query. */
export const tokenOf = (req: Request): unknown => req.params['token'] ?? req.query['token'];

export const readApproval = (api: ApiContext, which: WhichConfirmation): Promise<Approval> =>
  api.db.withTx(SYSTEM, 'approval.read', async (tx) => {
    const confirmation = await getConfirmation(tx, which);
    return {
      confirmation,
      question: await getQuestion(tx, confirmation.taskId),
      bound: isBound(confirmation),
    };
  });

/** A decision by the link, with the code that the person typed. */
export const decide = async (
  { links }: ApiContext,
  tx: Tx,
  {
    code,
    ...wish
  }: { which: WhichConfirmation; approved: boolean; note: string | null; code: string | null },
) => {
  if (code === null) return decideConfirmation(tx, { ...wish, codeHash: null });
  const { id } = await getConfirmation(tx, wish.which);
  return decideConfirmation(tx, { ...wish, codeHash: links.codeHashOf(id, code) });
};

const APART_MS = 20_000;

/** Two presses within some seconds are one code. Gives the code, for a start on loopback to show; null: none was sent. */
export async function sendCode(
  { links }: ApiContext,
  tx: Tx,
  question: Confirmation,
): Promise<string | null> {
  if (question.state !== 'OPEN' || question.expired) return null;
  const sentAt = question.codeUntil === null ? 0 : Date.parse(question.codeUntil) - CODE_MS;
  if (Date.now() - sentAt < APART_MS) return null;
  const { personEmail } = await getQuestion(tx, question.taskId);
  const code = links.codeOf(await orderCodeMail(tx, { kind: 'confirm_code', address: personEmail }));
  await setCode(tx, question.id, links.codeHashOf(question.id, code));
  return code;
}
