import { Router } from 'express';
import { z } from 'zod';
import { listApiKeys, revokeApiKey, storeApiKey } from '../../db/api-keys';
import type { ApiKey } from '../../db/api-keys';
import { MooringError } from '../../domain/errors';
import { asUser } from '../../domain/principal';
import { newApiKey } from '../../lib/api-key';
import { ownAccount } from '../auth/sign-in';
import type { ApiContext } from '../context';
import { takeOrRefuse } from '../limits';

const NewKey = z.strictObject({ name: z.string().trim().min(1).max(100).default('API key') });
const KEY_ID = /^key_\w{21}$/;

/** A person's API keys. Each is shown once, when it is made. */
export function keyRoutes({ db, signedIn, keyLimit }: ApiContext): Router {
  const router = Router();
  router.post('/api/keys', async (req, res) => {
    const userId = await signedIn(req);
    const { name } = NewKey.parse(req.body);
    takeOrRefuse(keyLimit, userId);
    const { key, prefix, hash } = newApiKey();
    const stored = await db.withTx(asUser(userId), 'key.create', async (tx) => {
      await ownAccount(tx, userId);
      return storeApiKey(tx, userId, { name, prefix, hash });
    });
    res.status(201).json({ ...keyView(stored), key });
  });

  router.get('/api/keys', async (req, res) => {
    const userId = await signedIn(req);
    const keys = await db.withTx(asUser(userId), 'key.list', (tx) => listApiKeys(tx, userId));
    res.json({ keys: keys.map(keyView) });
  });

  router.delete('/api/keys/:id', async (req, res) => {
    const userId = await signedIn(req);
    const { id } = req.params;
    if (!KEY_ID.test(id)) throw new MooringError('not_found', 'There is no such key.');
    await db.withTx(asUser(userId), 'key.revoke', (tx) => revokeApiKey(tx, userId, id));
    res.json({ ok: true });
  });
  return router;
}

const keyView = ({ id, name, prefix, createdAt, lastUsedAt }: ApiKey) => ({
  id,
  name,
  prefix,
  created_at: createdAt,
  last_used_at: lastUsedAt,
});
