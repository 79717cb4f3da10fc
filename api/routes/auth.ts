import { Router } from 'express';
import { z } from 'zod';
import { MooringError } from '../../domain/errors';
import { refresh, signInForDevelopment } from '../auth/sign-in';
import type { ApiContext } from '../context';
import { addressOf, takeOrRefuse } from '../limits';

const SignIn = z.strictObject({ email: z.email().max(254) });
const Refresh = z.strictObject({ refresh_token: z.string().min(1).max(200) });

export function authRoutes(api: ApiContext): Router {
  const router = Router();
  router.post('/dev/sign-in', async (req, res) => {
    // As if it did not exist, to everyone but a person at this machine.
    if (!api.origins.isDevelopmentDoor(req)) throw new MooringError('not_found', 'There is nothing here.');
    const { email } = SignIn.parse(req.body);
    takeOrRefuse(api.signInLimit, addressOf(req));
    res.json(await signInForDevelopment(api, email));
  });
  router.post('/api/auth/refresh', async (req, res) => {
    const { refresh_token: token } = Refresh.parse(req.body);
    takeOrRefuse(api.signInLimit, addressOf(req));
    res.json(await refresh(api, token));
  });
  return router;
}
