import type { Tx } from '../../db/database';
import { hasPaidFor } from '../../db/payments';

export const CHAT_TOO_LONG =
  'This is too long for the model, even with the earlier part of the chat left out. Ask again in smaller parts.';

/** The words with which a turn ends that went wrong, and what is true of the money in it. */
export async function withMoney(tx: Tx, turnId: string, words: string): Promise<string> {
  const money = (await hasPaidFor(tx, turnId))
    ? 'What you approved before stands as shown above; nothing more is bought.'
    : 'Nothing was bought.';
  return `${words} ${money}`;
}
