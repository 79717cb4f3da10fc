import { Router } from 'express';
import { z } from 'zod';
import type { Tx } from '../../db/database';
import { lastSeqs, readFrames } from '../../db/events';
import { acceptMessage } from '../../db/messages';
import { getSession } from '../../db/sessions';
import { MooringError } from '../../domain/errors';
import { asUser } from '../../domain/principal';
import { metrics } from '../../lib/metrics';
import type { ApiContext } from '../context';
import { answerPayment } from '../payment-answer';
import { ClientId, MessageContent, PaymentAnswer, sessionIdOf } from '../schemas';
import { takeOrRefuse } from '../limits';
import { waitForFrame } from '../wait-for-frame';

const EventsQuery = z.strictObject({
  after_seq: z.coerce.number().int().min(0).max(2_147_483_647).default(0),
  limit: z.coerce.number().int().min(1).max(500).default(200),
  wait: z.coerce.number().min(0).max(25).default(0),
});
const NewMessage = z.strictObject({ id: ClientId, content: MessageContent });
const Answer = z.strictObject({
  id: ClientId.optional(),
  type: z.literal('PAYMENT_RESPONSE'),
  ...PaymentAnswer,
});

/** The fallback for whoever cannot keep a socket: the same frames, the same facts. */
export function sessionLogRoutes(api: ApiContext): Router {
  const { db, caller } = api;
  const router = Router();

  router.get('/api/sessions/:id/events', async (req, res) => {
    const userId = await caller(req);
    const sessionId = sessionIdOf(req.params.id);
    const { after_seq: afterSeq, limit, wait } = EventsQuery.parse(req.query);
    const read = () =>
      db.withTx(asUser(userId), 'feed.read', (tx) => readPage(tx, { sessionId, afterSeq, limit }));
    const giveBack = api.pollPlaces.take(userId);
    if (giveBack === null) throw tooManyPolls();
    // Heard from before the first read on, and no connection to PostgreSQL is held while waiting.
    const frame = waitForFrame(api, { sessionId, afterSeq, waitMs: wait * 1000 });
    res.once('close', frame.stop);
    try {
      let page = await read();
      if (page.events.length === 0 && wait > 0) {
        await frame.arrived;
        if (!res.closed) page = await read();
      }
      res.json(page);
    } finally {
      giveBack();
      frame.stop();
    }
  });

  router.post('/api/sessions/:id/messages', async (req, res) => {
    const userId = await caller(req);
    const sessionId = sessionIdOf(req.params.id);
    const { id: clientId, content } = NewMessage.parse(req.body);
    takeOrRefuse(api.messageLimit, `${userId}/${sessionId}`);
    const { seq } = await db.withTx(asUser(userId), 'message.send', (tx) =>
      acceptMessage(tx, { sessionId, clientId, content }),
    );
    metrics.messagesAccepted.inc({ way: 'rest' });
    res.status(202).json({ seq });
  });

  router.post('/api/sessions/:id/responses', async (req, res) => {
    const userId = await caller(req);
    const sessionId = sessionIdOf(req.params.id);
    const { payment_id: paymentId, approved } = Answer.parse(req.body);
    const payment = await db.withTx(asUser(userId), 'payment.answer', (tx) =>
      answerPayment(tx, { sessionId, paymentId, approved }),
    );
    res.status(202).json({ payment_id: payment.id, state: payment.state });
  });
  return router;
}

const tooManyPolls = (): MooringError =>
  new MooringError('rate_limited', 'Too many polls of yours are waiting already.', {
    details: { retry_after_ms: 1_000 },
  });

async function readPage(tx: Tx, page: { sessionId: string; afterSeq: number; limit: number }) {
  await getSession(tx, page.sessionId);
  const events = await readFrames(tx, page);
  const lastSeq = (await lastSeqs(tx, [page.sessionId])).get(page.sessionId) ?? 0;
  if (page.afterSeq > lastSeq) {
    throw new MooringError('invalid_request', `after_seq: is ahead of the log, which ends at ${lastSeq}`, {
      details: { field: 'after_seq', rule: 'must not be ahead of the log', last_seq: lastSeq },
    });
  }
  return { events, last_seq: lastSeq };
}
