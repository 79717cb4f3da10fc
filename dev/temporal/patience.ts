import { readdirSync, statSync } from 'node:fs';
import { join } from 'node:path';

const PATIENCE_MS = 8_000;
const LOOK_MS = 200;

export interface Patience {
  /** Runs one way to fetch something into the folder; its signal is aborted when nothing has come for too long. */
  watch: (folder: string, way: (signal: AbortSignal) => Promise<void>) => Promise<void>;
}

/**
 * Waiting without any byte that comes, counted over all ways together: a network that swallows what is sent makes each
 * of them wait, and a start must say why it cannot go on.
 */
export function createPatience(patienceMs = PATIENCE_MS): Patience {
  let waitedMs = 0;
  return {
    watch: async (folder, way) => {
      const ways = new AbortController();
      let seen = bytesIn(folder);
      let since = performance.now() - waitedMs;
      const look = (): void => {
        const bytes = bytesIn(folder);
        if (bytes !== seen) since = performance.now();
        seen = bytes;
        if (performance.now() - since >= patienceMs)
          ways.abort(new Error(`nothing came for ${patienceMs / 1000} s`));
      };
      const timer = setInterval(look, LOOK_MS);
      try {
        look();
        ways.signal.throwIfAborted();
        await way(ways.signal);
      } finally {
        clearInterval(timer);
        waitedMs = performance.now() - since;
      }
    },
  };
}

function bytesIn(folder: string): number {
  try {
    return readdirSync(folder, { recursive: true, withFileTypes: true })
      .filter((entry) => entry.isFile())
      .map(({ parentPath, name }) => statSync(join(parentPath, name), { throwIfNoEntry: false })?.size ?? 0)
      .reduce((sum, size) => sum + size, 0);
  } catch {
    return 0; // one of its folders went away while it was read
  }
}
