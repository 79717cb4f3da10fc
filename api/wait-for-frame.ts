import type { ApiContext } from './context';

/** Resolves when a frame after `afterSeq` is known to be in the log, or the time is over, or `stop` is called. */
export function waitForFrame(
  { watch, draining }: Pick<ApiContext, 'watch' | 'draining'>,
  { sessionId, afterSeq, waitMs }: { sessionId: string; afterSeq: number; waitMs: number },
): { arrived: Promise<void>; stop: () => void } {
  let stop = (): void => undefined;
  const arrived = new Promise<void>((resolve) => {
    const timer = setTimeout(() => stop(), waitMs);
    const onSeq = (seq: number): void => {
      if (seq > afterSeq) stop();
    };
    const unfollow = watch.follow(sessionId, {
      onNews: (news) => {
        if (news.kind === 'logged') onSeq(news.frame.seq);
      },
      onLastSeq: onSeq,
      onGone: () => stop(),
    });
    stop = () => {
      clearTimeout(timer);
      unfollow();
      draining.removeEventListener('abort', stop);
      resolve();
    };
    draining.addEventListener('abort', stop);
    if (draining.aborted) stop();
  });
  return { arrived, stop: () => stop() };
}
