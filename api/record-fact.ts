import { takeOnce } from '../db/client-facts';
import { decideInChat } from '../db/chat-confirmations';
import { acceptMessage } from '../db/messages';
import { answerPrompt } from '../db/prompts';
import { CLOSED_BY_PERSON } from '../db/finish-turn';
import { lockSession } from '../db/sessions';
import { closeSession, cancelTurn } from '../db/cancel';
import type { Database, Tx } from '../db/database';
import type { ClientFact } from '../domain/frames';
import type { MooringError } from '../domain/errors';
import { asUser } from '../domain/principal';
import { metrics } from '../lib/metrics';
import type { ApiContext } from './context';
import { takeOrRefuse } from './limits';
import { answerPayment } from './payment-answer';

interface Sender {
  userId: string;
  sessionId: string;
  way: 'socket' | 'rest';
}

/** What is answered over REST; over a socket its `seq` goes into the ACK. */
export type FactAnswer =
  | { seq: number }
  | { payment_id: string; state: string }
  | { prompt_id: string; state: string }
  | { confirmation_id: string; state: string }
  | { turn_id: string | null }
  | { phase: 'CLOSED' };

/** Makes what a person sent a fact, however it came, and answers after the commit. Throws what was wrong with it. */
export async function recordFact(
  api: Pick<ApiContext, 'db' | 'messageLimit' | 'oneByOne'>,
  { userId, sessionId, way }: Sender,
  fact: ClientFact & { id: string },
): Promise<FactAnswer> {
  if (fact.type === 'USER_MESSAGE') {
    const key = `${userId}/${sessionId}`;
    const { id: clientId, data } = fact;
    const accepted = await api.oneByOne(key, () =>
      api.db.withTx(asUser(userId), 'message.send', (tx) =>
        // One that is sent again costs nothing of the limit.
        acceptMessage(tx, {
          sessionId,
          clientId,
          content: data.content,
          onNew: () => takeOrRefuse(api.messageLimit, key),
        }),
      ),
    );
    metrics.messagesAccepted.inc({ way });
    return accepted;
  }
  return record(api.db, { userId, sessionId }, fact);
}

type Order = Exclude<ClientFact, { type: 'USER_MESSAGE' }> & { id: string };

function record(
  db: Database,
  { userId, sessionId }: { userId: string; sessionId: string },
  fact: Order,
): Promise<FactAnswer> {
  const person = asUser(userId);
  const once = (take: (tx: Tx) => Promise<FactAnswer>) => (tx: Tx) =>
    takeOnce(tx, { sessionId, fact }, () => take(tx));
  switch (fact.type) {
    case 'PAYMENT_RESPONSE': {
      const { payment_id: paymentId, approved } = fact.data;
      const take = once(async (tx) => {
        const { id, state } = await answerPayment(tx, { sessionId, paymentId, approved });
        return { payment_id: id, state };
      });
      return db.withTx(person, 'payment.answer', take);
    }
    case 'USER_PROMPT_RESPONSE': {
      const { prompt_id: promptId, answer } = fact.data;
      const take = once(async (tx) => {
        const { id, state } = await answerPrompt(tx, { sessionId, promptId, answer });
        return { prompt_id: id, state };
      });
      return db.withTx(person, 'prompt.answer', take);
    }
    case 'CONFIRMATION_RESPONSE':
      return decide(db, { userId, sessionId }, fact);
    case 'CANCEL_TURN': {
      const take = once(async (tx) => {
        const cancelled = await cancelTurn(tx, { sessionId, turnId: fact.data.turn_id });
        return { turn_id: cancelled?.turnId ?? null };
      });
      return db.withTx(person, 'turn.cancel', take);
    }
    case 'CANCEL_SESSION':
      return db.withTx(
        person,
        'session.close',
        once((tx) => close(tx, sessionId)),
      );
  }
}

/** A yes or no to a risky task of this chat. What a refused one has found out stays, so it is refused after the commit. */
async function decide(
  db: Database,
  { userId, sessionId }: { userId: string; sessionId: string },
  fact: Extract<Order, { type: 'CONFIRMATION_RESPONSE' }>,
): Promise<FactAnswer> {
  const { confirmation_id: id, approved, note = null } = fact.data;
  const decided = await db.withTx(asUser(userId), 'confirmation.decide', (tx) =>
    takeOnce<FactAnswer | { refusal: MooringError }>(tx, { sessionId, fact }, async () => {
      const { confirmation, refusal } = await decideInChat(tx, { sessionId, id, approved, note });
      return refusal === null ? { confirmation_id: id, state: confirmation.state } : { refusal };
    }),
  );
  if ('refusal' in decided) throw decided.refusal;
  return decided;
}

async function close(tx: Tx, sessionId: string): Promise<FactAnswer> {
  await closeSession(tx, await lockSession(tx, sessionId), CLOSED_BY_PERSON);
  return { phase: 'CLOSED' };
}
