import { join } from 'node:path';
import { Router, static as files } from 'express';

const PAGES = ['/', '/chat/:id'];

/** The built pages. Assets carry their hash in the name and are kept for ever; the page itself is asked for anew. */
export function pageRoutes(webRoot: string | null): Router {
  const router = Router();
  if (webRoot === null) {
    router.get(PAGES, (_req, res) => {
      res.type('text/plain').send('Mooring runs. Its pages are not built: npm run build\n');
    });
    return router;
  }
  router.use('/assets', files(join(webRoot, 'assets'), { immutable: true, maxAge: '1y', index: false }));
  router.get(PAGES, (_req, res) => {
    res.set('Cache-Control', 'no-cache');
    res.sendFile('index.html', { root: webRoot, cacheControl: false });
  });
  router.use(files(webRoot, { index: false, maxAge: '1h' }));
  return router;
}
