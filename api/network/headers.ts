import type { RequestHandler, Response } from 'express';
import { newId } from '../../lib/ids';

const WELL_FORMED = /^[\w.-]{1,64}$/;

/** What every answer of `/v1` carries: our region, what the call belongs to in the words of its caller, how long it took. */
export function publishedHeaders(region: string): RequestHandler {
  return (req, res, next) => {
    const given = req.get('x-trace-id') ?? '';
    res.set({ 'X-Region': region, 'X-Trace-Id': WELL_FORMED.test(given) ? given : newId('trc') });
    sayTimeTaken(res);
    next();
  };
}

/** The caller's own id for what this call belongs to, or one of ours. */
export const traceId = (res: Response): string => String(res.getHeader('X-Trace-Id'));

/** Known only when the head of the answer goes out. */
function sayTimeTaken(res: Response): void {
  const startedAt = performance.now();
  const writeHead = res.writeHead.bind(res) as (...head: unknown[]) => Response;
  res.writeHead = (...head: unknown[]) => {
    res.setHeader('X-Response-Time-Ms', String(Math.round(performance.now() - startedAt)));
    return writeHead(...head);
  };
}
