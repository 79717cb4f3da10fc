/** Counts what happened under each key in the last window. */
export interface RateLimit {
  /** 0 when it may happen (and is counted), else the milliseconds until it may. */
  take: (key: string) => number;
  /** How many more may happen now, and when the window is empty again. */
  state: (key: string) => { most: number; left: number; resetMs: number };
}

/** At most `limit` in any window of `windowMs`. Exact, in process: several processes each count their own. */
export function createRateLimit({ limit, windowMs }: { limit: number; windowMs: number }): RateLimit {
  const times = new Map<string, number[]>();
  let sweptAt = performance.now();

  const forgetIdle = (now: number): void => {
    if (now - sweptAt < windowMs) return;
    sweptAt = now;
    for (const [key, taken] of times) {
      if ((taken.at(-1) ?? 0) <= now - windowMs) times.delete(key);
    }
  };

  const recentOf = (key: string, now: number): number[] => {
    const taken = times.get(key) ?? [];
    const first = taken.findIndex((at) => at > now - windowMs);
    taken.splice(0, first === -1 ? taken.length : first);
    return taken;
  };

  return {
    state(key) {
      const now = performance.now();
      const recent = recentOf(key, now);
      const last = recent.at(-1);
      const resetMs = last === undefined ? 0 : last + windowMs - now;
      return { most: limit, left: Math.max(0, limit - recent.length), resetMs };
    },
    take(key) {
      const now = performance.now();
      forgetIdle(now);
      const recent = recentOf(key, now);
      times.set(key, recent);
      const oldest = recent[0];
      if (oldest !== undefined && recent.length >= limit)
        return Math.max(1, Math.ceil(oldest + windowMs - now));
      recent.push(now);
      return 0;
    },
  };
}
