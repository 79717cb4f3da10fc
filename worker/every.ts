import type { Logger } from '../lib/log';

/** Runs work at once and then each `ms` after its end, until stopped; an error is logged and waits for the next time. */
export function every(
  { ms, log, name }: { ms: number; log: Logger; name: string },
  work: () => Promise<void>,
): () => Promise<void> {
  let stopped = false;
  let timer: NodeJS.Timeout | null = null;
  let running: Promise<void> = Promise.resolve();
  const run = (): void => {
    running = work()
      .catch((error: unknown) => log.warn({ err: error }, `${name} failed; trying again`))
      .finally(() => {
        if (!stopped) timer = setTimeout(run, ms);
      });
  };
  run();
  return async () => {
    stopped = true;
    if (timer !== null) clearTimeout(timer);
    await running;
  };
}
