import type { Request, RequestHandler, Response } from 'express';
import { newId } from '../lib/ids';
import type { Logger } from '../lib/log';
import type { Metrics } from './metrics';

const WELL_FORMED = /^[\w.-]{1,64}$/;

/** The id that this answer, its log line and its error carry. */
export const requestId = (res: Response): string => String(res.getHeader('X-Request-Id'));

const SESSION_PATH = /^\/api\/sessions\/(ses_\w{21})(?=\/|$)/;
const PROBES = new Set(['/healthz', '/readyz', '/metrics']);

/** Each request gets an id, one log line (never its query, which may hold a token), and is counted. */
export function traceRequests({ log, metrics }: { log: Logger; metrics: Metrics }): RequestHandler {
  return (req, res, next) => {
    const given = req.get('x-request-id') ?? '';
    res.set('X-Request-Id', WELL_FORMED.test(given) ? given : newId('req'));
    const path = req.originalUrl.split('?')[0];
    const startedAt = performance.now();
    res.once('close', () => {
      metrics.httpRequests.inc({ method: req.method, route: routeOf(req), status: res.statusCode });
      const session = SESSION_PATH.exec(path ?? '')?.[1];
      // Probes come every second and say nothing.
      const line = PROBES.has(path ?? '') ? 'debug' : 'info';
      log[line](
        {
          request: requestId(res),
          method: req.method,
          path,
          ...(session === undefined ? {} : { session }),
          status: res.statusCode,
          ms: Math.round(performance.now() - startedAt),
          ...(res.writableFinished ? {} : { aborted: true }),
        },
        'request',
      );
    });
    next();
  };
}

/** The pattern that matched, so that ids do not become labels. */
function routeOf(req: Request): string {
  const route: unknown = req.route;
  if (typeof route !== 'object' || route === null || !('path' in route)) return 'other';
  return `${req.baseUrl}${String(route.path)}`;
}
