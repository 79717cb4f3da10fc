import { Router } from 'express';
import { asUser } from '../../domain/principal';
import { version } from '../../package.json';
import { isAdmin, TEST_EMAIL } from '../auth/admin';
import { ownAccount } from '../auth/sign-in';
import type { ApiContext } from '../context';

export function accountRoutes({ config, db, caller, origins }: ApiContext): Router {
  const router = Router();
  router.get('/api/about', (req, res) => {
    res.json({
      version,
      model: { name: config.MOORING_MODEL, stand_in: config.MOORING_MODEL === 'stand-in' },
      sign_in: { development: origins.isDevelopmentDoor(req), test_email: TEST_EMAIL },
      limits: { agents_a_turn: config.MOORING_TURN_AGENTS },
      ...(config.MOORING_TEMPORAL_UI === undefined ? {} : { temporal_ui: config.MOORING_TEMPORAL_UI }),
    });
  });
  router.get('/api/me', async (req, res) => {
    const userId = await caller(req);
    const user = await db.withTx(asUser(userId), 'account.read', (tx) => ownAccount(tx, userId));
    const { id, email, name } = user;
    res.json({ user_id: id, email, name, role: isAdmin(config, user) ? 'admin' : 'user' });
  });
  return router;
}
