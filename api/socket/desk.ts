import { acceptMessage } from '../../db/messages';
import type { ClientFrame, MomentFrame } from '../../domain/frames';
import { asUser } from '../../domain/principal';
import { newId } from '../../lib/ids';
import { metrics } from '../../lib/metrics';
import type { ApiContext } from '../context';
import { takeOrRefuse } from '../limits';
import { answerPayment } from '../payment-answer';

type Fact = Extract<ClientFrame, { type: 'USER_MESSAGE' | 'PAYMENT_RESPONSE' }>;

/** Makes a client's frame a fact and answers with its ACK, after the commit. Throws what was wrong with it. */
export async function recordFrame(
  api: ApiContext,
  { userId, sessionId }: { userId: string; sessionId: string },
  frame: Fact,
): Promise<MomentFrame> {
  const id = frame.id ?? newId('msg');
  if (frame.type === 'USER_MESSAGE') {
    takeOrRefuse(api.messageLimit, `${userId}/${sessionId}`);
    const { seq } = await api.db.withTx(asUser(userId), 'socket.message', (tx) =>
      acceptMessage(tx, { sessionId, clientId: id, content: frame.data.content }),
    );
    metrics.messagesAccepted.inc({ way: 'socket' });
    return { type: 'ACK', data: { for: id, seq } };
  }
  const { approved, payment_id: paymentId } = frame.data;
  await api.db.withTx(asUser(userId), 'socket.payment-answer', (tx) =>
    answerPayment(tx, { sessionId, paymentId, approved }),
  );
  return { type: 'ACK', data: { for: id, seq: null } };
}
