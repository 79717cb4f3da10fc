import type { Request, RequestHandler, Response } from 'express';
import { newId } from '../lib/ids';
import type { Logger } from '../lib/log';
import { metrics } from '../lib/metrics';
import { beginRequest } from '../lib/telemetry';

const WELL_FORMED = /^[\w.-]{1,64}$/;

/** The id that this answer, its log line and its error carry. */
export const requestId = (res: Response): string => String(res.getHeader('X-Request-Id'));

const SESSION_PATH = /^\/api\/sessions\/(ses_\w{21})(?=\/|$)/;
const PROBES = new Set(['/healthz', '/readyz', '/metrics']);
/** Pages and probes say nothing in a trace. */
const TRACED = /^\/(api|dev|v1)\//;

/**
 * Each request gets an id, one log line (never its query, which may hold a token), a span, and is counted. What is
 * logged and recorded on its way carries its id.
 */
export function traceRequests(log: Logger): RequestHandler {
  return (req, res, next) => {
    const given = req.get('x-request-id') ?? '';
    const id = WELL_FORMED.test(given) ? given : newId('req');
    res.set('X-Request-Id', id);
    const path = logged(req.originalUrl.split('?')[0] ?? '');
    const session = SESSION_PATH.exec(path)?.[1];
    const work = beginRequest(id, {
      name: req.method,
      kind: 'server',
      fields: session === undefined ? {} : chatFields(session),
      traced: TRACED.test(path),
    });
    const startedAt = performance.now();
    res.once('close', () => {
      const route = routeOf(req);
      const { method } = req;
      const status = res.statusCode;
      metrics.httpRequests.inc({ method, route, status });
      // Probes come every second and say nothing.
      const line = PROBES.has(path) ? 'debug' : 'info';
      const ms = Math.round(performance.now() - startedAt);
      metrics.httpSeconds.observe({ route }, ms / 1000);
      const code: unknown = res.locals['code'];
      const aborted = res.writableFinished ? {} : { aborted: true };
      work.run(() => log[line]({ method, path, status, code, ms, ...aborted }, 'request'));
      work.end({
        name: `${method} ${route}`,
        attributes: {
          'http.request.method': method,
          'http.route': route,
          'http.response.status_code': status,
        },
        error: status >= 500 ? String(status) : null,
      });
    });
    work.run(next);
  };
}

/** The token of an approval's link is the power to decide: it stands in no log. */
const logged = (path: string): string => path.replace(/^\/approve\/[^/]+/, '/approve/…');

/** What leads from a line about a chat to its workflow. */
export const chatFields = (session: string): Record<string, string> => ({
  session,
  workflow: `session/${session}`,
});

/** The pattern that matched, so that ids do not become labels. */
function routeOf(req: Request): string {
  const route: unknown = req.route;
  if (typeof route !== 'object' || route === null || !('path' in route)) return 'other';
  return `${req.baseUrl}${String(route.path)}`;
}
