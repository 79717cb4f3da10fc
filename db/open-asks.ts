import type { PendingPrompt } from '../domain/frames';
import type { Tx } from './database';
import { openConfirmations } from './say-confirmation';
import { openPaymentRequests } from './payments';
import { openQuestions } from './prompts';

/** What of a session waits for its person, as it was first sent, so that a reloaded page can answer it. */
export async function openAsks(tx: Tx, sessionId: string): Promise<PendingPrompt[]> {
  return [
    ...(await openPaymentRequests(tx, sessionId)),
    ...(await openQuestions(tx, sessionId)),
    ...(await openConfirmations(tx, sessionId)),
  ];
}
