import { MooringError } from '../../domain/errors';
import type { RateLimit } from '../../lib/rate-limit';

/** A call by a key: what it does is done with the key's hash. */
export type WithKey = <T>(
  call: { address: string; hash: () => Buffer },
  work: (hash: Buffer) => Promise<T>,
) => Promise<T>;

const REMEMBERED = 10_000;

/**
 * Counts calls with keys that are not good by the address that they come from. When there are too many, only keys that were
 * good since this process began are looked up: whoever shares the address goes on working.
 */
export function countBadKeys(limit: RateLimit): WithKey {
  const good = new Set<string>();
  return async ({ address, hash: read }, work) => {
    try {
      const hash = read();
      const key = hash.toString('base64url');
      if (!good.has(key)) refuseAfterMany(limit, address);
      const result = await work(hash);
      good.add(key);
      const [oldest] = good;
      if (good.size > REMEMBERED && oldest !== undefined) good.delete(oldest);
      return result;
    } catch (error) {
      if (error instanceof MooringError && error.code === 'unauthorized') limit.take(address);
      throw error;
    }
  };
}

function refuseAfterMany(limit: RateLimit, address: string): void {
  const { left, resetMs } = limit.state(address);
  if (left > 0) return;
  throw new MooringError('rate_limited', 'Too many calls with bad keys came from here. Wait a moment.', {
    details: { retry_after_ms: Math.ceil(resetMs) },
  });
}
