import { Router } from 'express';
import { observeProcess, readMetrics, registry } from '../../lib/metrics';

/** What an operator asks: does it live, can it work, what does it count. */
export function operationRoutes(ready: () => Promise<string[]>): Router {
  observeProcess();
  const router = Router();
  router.get('/healthz', (_req, res) => {
    res.json({ ok: true });
  });
  router.get('/readyz', async (_req, res) => {
    const missing = await ready();
    if (missing.length === 0) res.json({ ready: true });
    else res.status(503).json({ ready: false, missing });
  });
  router.get('/metrics', async (_req, res) => {
    res.type(registry.contentType).send(await readMetrics());
  });
  return router;
}
