import { hkdfSync } from 'node:crypto';
import { SignJWT } from 'jose';
import { lockSession } from '../../db/sessions';
import { closeSession } from '../../db/cancel';
import { asUser, SYSTEM } from '../../domain/principal';
import { allFacts } from '../harness/all-text';
import { SECRET } from './harness';
import type { OpenChat, TestApi } from './harness';
import { askToPay } from './payment';

/** Runs what must change nothing. */
export async function unchanged<T>(api: TestApi, work: () => Promise<T>): Promise<T> {
  const before = await allFacts(api.t.url);
  const result = await work();
  expect(await allFacts(api.t.url)).toEqual(before);
  return result;
}

export const close = (api: TestApi, { id, userId }: OpenChat): Promise<void> =>
  api.t.db.withTx(asUser(userId), 'test', async (tx) =>
    closeSession(tx, await lockSession(tx, id), 'closed by its owner'),
  );
export const pay = (api: TestApi, chat: OpenChat): Promise<string> =>
  askToPay(api.t.db, { sessionId: chat.id, userId: chat.userId });
export const expire = (api: TestApi, paymentId: string) =>
  api.t.db.withTx(SYSTEM, 'test', (tx) =>
    tx.query(`update payments set expires_at = now() - interval '1 second' where id = $1`, [paymentId]),
  );

/** A session token of this chat that ran out, or that is signed for another class. */
export function badToken({ userId, id }: OpenChat, kind: 'expired' | 'class'): Promise<string> {
  const typ = kind === 'class' ? 'mooring-access+jwt' : 'mooring-session+jwt';
  const now = Math.floor(Date.now() / 1000) - (kind === 'expired' ? 600 : 0);
  return new SignJWT({ sub: userId, sid: id })
    .setProtectedHeader({ alg: 'HS256', typ })
    .setIssuer('mooring')
    .setAudience(kind === 'class' ? 'mooring:api' : 'mooring:chat')
    .setJti('x')
    .setIssuedAt(now)
    .setExpirationTime(now + 60)
    .sign(new Uint8Array(hkdfSync('sha256', SECRET, 'mooring/tokens/v1', typ, 32)));
}

export const NESTED = '['.repeat(100 * 1024);
export const message = (content: string, id = 'm'): string => JSON.stringify({ id, content });
