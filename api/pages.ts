import { join } from 'node:path';
import { Router, static as files } from 'express';
import type { RequestHandler } from 'express';

const PAGES = [
  '/',
  '/chat/:id',
  '/approvals/:id',
  '/tasks/:id',
  '/agents/:id/inbox',
  '/wallet/statement',
  '/earnings',
  '/earnings/statement',
  '/ops/unknown-payments',
  '/wallet',
  '/wallet/payments',
  '/wallet/payments/:id',
];

/** The built pages. Assets carry their hash in the name and are kept for ever; the page itself is asked for anew. */
export function pageRoutes(webRoot: string | null): Router {
  const router = Router();
  const page: RequestHandler = (_req, res) => {
    if (webRoot === null) {
      res.type('text/plain').send('Mooring runs. Its pages are not built: npm run build\n');
      return;
    }
    res.set('Cache-Control', 'no-cache');
    res.sendFile('index.html', { root: webRoot, cacheControl: false });
  };
  // One by one, so that each has its own name in the figures.
  for (const path of PAGES) router.get(path, page);
  if (webRoot === null) return router;
  router.use('/assets', files(join(webRoot, 'assets'), { immutable: true, maxAge: '1y', index: false }));
  router.use(files(webRoot, { index: false, maxAge: '1h' }));
  return router;
}
