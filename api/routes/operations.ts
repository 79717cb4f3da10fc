import { Router } from 'express';
import type { Metrics } from '../metrics';

/** What an operator asks: does it live, can it work, what does it count. */
export function operationRoutes({
  ready,
  metrics,
}: {
  ready: () => Promise<string[]>;
  metrics: Metrics;
}): Router {
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
    res.type(metrics.registry.contentType).send(await metrics.registry.metrics());
  });
  return router;
}
