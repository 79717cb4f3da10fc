import { Router } from 'express';
import type { Request } from 'express';
import { z } from 'zod';
import { eraseSession } from '../../db/erase';
import { createSession, getSession, listSessions } from '../../db/sessions';
import { MooringError } from '../../domain/errors';
import { parseUsdc } from '../../domain/money';
import { asUser, systemFor } from '../../domain/principal';
import { ownAccount } from '../auth/sign-in';
import { SESSION_TOKEN_SECONDS } from '../auth/tokens';
import type { ApiContext } from '../context';
import { readCursor, writeCursor } from '../cursor';
import { takeOrRefuse } from '../limits';
import { sessionIdOf, Usdc } from '../schemas';
import { listItem, sessionView } from '../session-view';

const NewSession = z.strictObject({
  title: z.string().trim().min(1).max(200).optional(),
  budget_usdc: Usdc.optional(),
  auto_approve_usdc: Usdc.default(0n),
  metadata: z
    .record(z.string(), z.json())
    .refine((value) => JSON.stringify(value).length <= 4096, 'must have at most 4 KB')
    .default({}),
});

const Page = z.strictObject({
  limit: z.coerce.number().int().min(1).max(100).default(30),
  cursor: z.string().max(200).optional(),
  q: z.string().trim().max(200).default(''),
});

export function sessionRoutes(api: ApiContext): Router {
  const { config, db, caller } = api;
  const router = Router();

  router.post('/api/sessions', async (req, res) => {
    const userId = await caller(req);
    const wish = NewSession.parse(req.body);
    takeOrRefuse(api.sessionLimit, userId);
    const budgetMicros = wish.budget_usdc ?? parseUsdc(config.MOORING_SESSION_BUDGET_USDC) ?? 0n;
    const session = await db.withTx(asUser(userId), 'session.open', async (tx) => {
      await ownAccount(tx, userId);
      return createSession(tx, {
        userId,
        title: wish.title ?? null,
        budgetMicros,
        autoApproveMicros: wish.auto_approve_usdc,
        metadata: wish.metadata,
      });
    });
    res.status(201).json(await admission(api, req, { userId, sessionId: session.id }));
  });

  router.get('/api/sessions', async (req, res) => {
    const userId = await caller(req);
    const { limit, cursor, q: words } = Page.parse(req.query);
    const before = cursor === undefined ? null : readCursor(cursor);
    const page = await db.withTx(asUser(userId), 'session.list', async (tx) => {
      const sessions = await listSessions(tx, { userId, words, before, limit: limit + 1 });
      const last = sessions.length > limit ? sessions[limit - 1] : undefined;
      const next = last && writeCursor({ at: last.listedAt, id: last.id });
      return { sessions: sessions.slice(0, limit).map(listItem), next_cursor: next ?? null };
    });
    res.json(page);
  });

  router.get('/api/sessions/:id', async (req, res) => {
    const userId = await caller(req);
    const id = sessionIdOf(req.params.id);
    res.json(await db.withTx(asUser(userId), 'session.read', (tx) => sessionView(tx, id)));
  });

  router.delete('/api/sessions/:id', async (req, res) => {
    const userId = await caller(req);
    const sessionId = sessionIdOf(req.params.id);
    await db.withTx(systemFor(userId), 'session.erase', (tx) => eraseSession(tx, { sessionId, userId }));
    res.json({ ok: true });
  });

  router.post('/api/sessions/:id/token', async (req, res) => {
    const userId = await caller(req);
    const sessionId = sessionIdOf(req.params.id);
    const { phase } = await db.withTx(asUser(userId), 'session.token', (tx) => getSession(tx, sessionId));
    if (phase === 'CLOSED') throw new MooringError('session_closed', 'This chat is closed.');
    res.json(await admission(api, req, { userId, sessionId }));
  });
  return router;
}

/** What opens the socket of a chat. */
async function admission(
  { tokens, origins }: ApiContext,
  req: Request,
  bearer: { userId: string; sessionId: string },
) {
  return {
    session_id: bearer.sessionId,
    token: await tokens.issueSession(bearer),
    ws_url: `${origins.base(req).replace(/^http/, 'ws')}/ws/user-agent/${bearer.sessionId}`,
    expires_in: SESSION_TOKEN_SECONDS,
  };
}
