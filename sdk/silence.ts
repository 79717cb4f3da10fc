import type { Timer } from './platform';

const MOST_MS = 300_000;

export interface Silence {
  /** Something came in or went out. */
  stir: () => void;
  stop: () => void;
}

/**
 * A connection whose other side went away without a word stays open for ever, and a page cannot see its pings. So after
 * a silence we ask in another way whether something should have come; if not, we ask again, ever more rarely.
 */
export function watchSilence({
  silentMs,
  isDead,
  end,
}: {
  silentMs: number;
  isDead: () => Promise<boolean>;
  end: () => void;
}): Silence {
  let waitMs = silentMs;
  let stopped = false;
  let timer: Timer | undefined;
  let stirred = 0;
  const arm = (): void => {
    clearTimeout(timer);
    if (!stopped) timer = setTimeout(() => void look(), waitMs);
  };
  const look = async (): Promise<void> => {
    const before = stirred;
    const dead = await isDead();
    if (stopped || stirred !== before) return;
    if (dead) return end();
    waitMs = Math.min(waitMs * 2, MOST_MS);
    arm();
  };
  const stir = (): void => {
    stirred += 1;
    waitMs = silentMs;
    arm();
  };
  return {
    stir,
    stop() {
      stopped = true;
      clearTimeout(timer);
    },
  };
}
