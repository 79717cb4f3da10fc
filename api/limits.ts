import type { Request } from 'express';
import { MooringError } from '../domain/errors';
import type { RateLimit } from '../lib/rate-limit';

/** Counts one more under this key, or throws rate_limited with the time to wait. */
export function takeOrRefuse(limit: RateLimit, key: string): void {
  const waitMs = limit.take(key);
  if (waitMs === 0) return;
  throw new MooringError('rate_limited', 'This was asked too often. Wait a moment.', {
    details: { retry_after_ms: waitMs },
  });
}

/** Where a request comes from, for limits of those who need not say who they are. */
export const addressOf = (req: Request): string => req.socket.remoteAddress ?? '';
