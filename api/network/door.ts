import type { Request, Response } from 'express';
import { z } from 'zod';
import type { Tx } from '../../db/database';
import { firstAnswer, keepAnswer } from '../../db/idempotency';
import type { Answer, KeyedCall } from '../../db/idempotency';
import { MooringError } from '../../domain/errors';
import { byAgentKey } from '../../domain/principal';
import type { RateLimit } from '../../lib/rate-limit';
import type { ApiContext } from '../context';
import { addressOf, takeOrRefuse } from '../limits';

/**
 * `secret`: the answer is not stored and not repeated. `refusal`: what was found stays, the caller is told this error.
 * `after`: what is done once the transaction is over, which gives the answer. `file`: bytes instead of JSON.
 */
export type NetworkAnswer =
  | (Answer & { secret?: true })
  | { refusal: MooringError }
  | { after: () => Promise<Answer> }
  | { file: SentFile };

interface SentFile {
  name: string;
  contentType: string;
  content: Buffer;
}

/** Whatever it says that it is, a browser only saves it. */
export function sendFile(res: Response, { name, contentType, content }: SentFile): void {
  res.attachment(name).set('Content-Type', contentType).send(content);
}

/** A call to `/v1` by an agent's key: limited, then one transaction as this agent, then the answer. */
export type NetworkCall = (
  call: {
    req: Request;
    res: Response;
    name: string;
    /** what is looked at before the transaction, for a key that is good */
    before?: () => Promise<void>;
  },
  work: (tx: Tx) => Promise<NetworkAnswer>,
) => Promise<void>;

const IdempotencyKey = z.object({
  idempotency_key: z.string().regex(/^.{1,64}$/s, 'must have 1 to 64 characters'),
});

export function createNetworkDoor(api: ApiContext): NetworkCall {
  return (call, work) => {
    const from = { address: addressOf(call.req), hash: () => keyHash(api, call.req) };
    return api.network.withKey(from, (hash) => answerCall(api, { ...call, hash }, work));
  };
}

async function answerCall(
  api: ApiContext,
  { req, res, name, before, hash }: Parameters<NetworkCall>[0] & { hash: Buffer },
  work: Parameters<NetworkCall>[1],
): Promise<void> {
  const limit = req.method === 'GET' ? api.network.readLimit : api.network.writeLimit;
  countCall(limit, { key: `${hash.toString('base64url')} ${req.method} ${req.path}`, res });
  const keyed = req.method === 'GET' ? null : keyedCall(req);
  if (before !== undefined) {
    await api.db.withTx(byAgentKey(hash), 'network.known-key', () => Promise.resolve());
    await before();
  }
  const answer = await api.db.withTx(byAgentKey(hash), name, async (tx) => {
    const first = keyed === null ? null : await firstAnswer(tx, keyed);
    if (first !== null) return { ...first, replayed: true };
    const given = await work(tx);
    if (!('status' in given)) return given;
    if (keyed !== null) keepAnswer(tx, keyed, given.secret === true ? { ...given, body: null } : given);
    return { ...given, replayed: false };
  });
  if ('refusal' in answer) throw answer.refusal;
  if ('file' in answer) {
    sendFile(res, answer.file);
    return;
  }
  const told = 'after' in answer ? await keepLater(api, { hash, keyed }, await answer.after()) : answer;
  if (told.replayed) res.set('Idempotent-Replayed', 'true');
  res.status(told.status).json(told.body);
}

/** An answer that came after its transaction is kept in one of its own; of two at the same moment both tell the first. */
async function keepLater(
  { db }: ApiContext,
  { hash, keyed }: { hash: Buffer; keyed: KeyedCall | null },
  given: Answer,
): Promise<Answer & { replayed: boolean }> {
  if (keyed === null) return { ...given, replayed: false };
  return db.withTx(byAgentKey(hash), 'network.keep-answer', async (tx) => {
    const first = await firstAnswer(tx, keyed);
    if (first !== null) return { ...first, replayed: true };
    keepAnswer(tx, keyed, given);
    return { ...given, replayed: false };
  });
}

/** The errors are the published ones: no header is 422, a bad one 401. */
export function keyHash({ network }: ApiContext, req: Request): Buffer {
  const header = req.get('authorization');
  if (header === undefined) {
    throw new z.ZodError([
      { code: 'custom', path: ['header', 'authorization'], message: 'is required', input: null },
    ]);
  }
  const hash = header.startsWith('Bearer ') ? network.keys.hash(header.slice('Bearer '.length)) : null;
  if (hash === null) {
    throw new MooringError('unauthorized', 'This needs the key of an agent: Authorization: Bearer sk_live_…');
  }
  return hash;
}

/** The limit of a call stands in its answer, also of one that is refused. */
export function countCall(limit: RateLimit, { key, res }: { key: string; res: Response }): void {
  try {
    takeOrRefuse(limit, key);
  } finally {
    const { most, left, resetMs } = limit.state(key);
    const seconds = String(Math.ceil(resetMs / 1000));
    res.set({
      'RateLimit-Limit': String(most),
      'RateLimit-Remaining': String(left),
      'RateLimit-Reset': seconds,
    });
    res.set({ 'X-RateLimit-Limit': String(most), 'X-RateLimit-Remaining': String(left) });
  }
}

function keyedCall(req: Request): KeyedCall | null {
  const body: unknown = req.body;
  const [header, inBody] = [req.get('idempotency-key'), keyInBody(body)];
  const named = header ?? inBody;
  if (named === undefined) return null;
  if (inBody !== undefined && inBody !== named) {
    const message = 'must be the idempotency_key of the body, or not be there';
    throw new z.ZodError([{ code: 'custom', path: ['header', 'idempotency-key'], message, input: null }]);
  }
  return {
    path: `${req.method} ${req.path}`,
    key: IdempotencyKey.parse({ idempotency_key: named }).idempotency_key,
    body,
  };
}

function keyInBody(body: unknown): unknown {
  return typeof body === 'object' && body !== null && 'idempotency_key' in body
    ? (body.idempotency_key ?? undefined)
    : undefined;
}
