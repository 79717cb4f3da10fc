import { Router } from 'express';
import type { RequestHandler } from 'express';
import { z } from 'zod';
import type { Tx } from '../../db/database';
import { lastSeqs, readFrames } from '../../db/events';
import { getSession } from '../../db/sessions';
import { MooringError } from '../../domain/errors';
import { asUser } from '../../domain/principal';
import type { ClientFact } from '../../domain/frames';
import { newId } from '../../lib/ids';
import type { ApiContext } from '../context';
import { recordFact } from '../record-fact';
import {
  ClientId,
  ConfirmationAnswer,
  MessageContent,
  PaymentAnswer,
  PromptAnswer,
  sessionIdOf,
  TurnToStop,
} from '../schemas';
import { waitForFrame } from '../wait-for-frame';

const EventsQuery = z.strictObject({
  after_seq: z.coerce.number().int().min(0).max(2_147_483_647).default(0),
  limit: z.coerce.number().int().min(1).max(500).default(200),
  wait: z.coerce.number().min(0).max(25).default(0),
});
const NewMessage = z.strictObject({ id: ClientId, content: MessageContent });
const id = ClientId.optional();
const Answer = z.discriminatedUnion('type', [
  z.strictObject({ id, type: z.literal('PAYMENT_RESPONSE'), ...PaymentAnswer }),
  z.strictObject({ id, type: z.literal('USER_PROMPT_RESPONSE'), ...PromptAnswer }),
  z.strictObject({ id, type: z.literal('CONFIRMATION_RESPONSE'), ...ConfirmationAnswer }),
]);

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

  /** Takes one fact of a person about a chat; `read` makes it of the body. */
  const takes =
    (status: number, read: (body: unknown) => Fact): RequestHandler<{ id: string }> =>
    async (req, res) => {
      const userId = await caller(req);
      const sessionId = sessionIdOf(req.params.id);
      const answer = await recordFact(api, { userId, sessionId, way: 'rest' }, read(req.body));
      res.status(status).json(answer);
    };
  router.post('/api/sessions/:id/messages', takes(202, messageOf));
  router.post('/api/sessions/:id/responses', takes(202, answerOf));
  router.post('/api/sessions/:id/cancel-turn', takes(202, stopOf));
  router.post('/api/sessions/:id/close', takes(200, closeOf));
  return router;
}

type Fact = ClientFact & { id: string };

function messageOf(body: unknown): Fact {
  const { id, content } = NewMessage.parse(body);
  return { type: 'USER_MESSAGE', id, data: { content } };
}

function answerOf(body: unknown): Fact {
  const answer = Answer.parse(body);
  const id = answer.id ?? newId('msg');
  if (answer.type === 'USER_PROMPT_RESPONSE') {
    return { type: answer.type, id, data: { prompt_id: answer.prompt_id, answer: answer.answer } };
  }
  if (answer.type === 'CONFIRMATION_RESPONSE') {
    const { id: _named, type, ...data } = answer;
    return { type, id, data };
  }
  const { approved, payment_id: paymentId } = answer;
  return {
    type: answer.type,
    id,
    data: paymentId === undefined ? { approved } : { approved, payment_id: paymentId },
  };
}

function stopOf(body: unknown): Fact {
  const { id: named, ...data } = z.strictObject({ id, ...TurnToStop }).parse(body);
  return { type: 'CANCEL_TURN', id: named ?? newId('msg'), data };
}

function closeOf(body: unknown): Fact {
  const { id: named } = z.strictObject({ id }).parse(body);
  return { type: 'CANCEL_SESSION', id: named ?? newId('msg'), data: {} };
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
