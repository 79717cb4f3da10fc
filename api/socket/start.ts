import type { MomentFrame } from '../../domain/frames';
import type { Feed } from './feed';
import type { Wire } from './wire';

/** Where a socket begins in the log. Decided once: what has gone out cannot be put after what is older. */
export interface Start {
  /** RESUME has come while nothing live had gone out: nothing does until `at`. False: too late. */
  claim: () => boolean;
  at: (afterSeq: number, lastSeq: number) => void;
  /** From where the log was at SESSION_READY, unless it has begun. */
  live: () => void;
  stop: () => void;
}

/**
 * Says SESSION_READY. A socket that named its place begins there; one that did not has a moment for RESUME, in which what
 * happens is kept, and begins with that.
 */
export function createStart(
  { feed, wire, resumeMs }: { feed: Feed; wire: Wire; resumeMs: number },
  afterSeq: number | null,
  ready: MomentFrame & { type: 'SESSION_READY' },
): Start {
  const { last_seq: readySeq } = ready.data;
  let isOpen = afterSeq === null;
  const at: Start['at'] = (place, lastSeq) => {
    if (place >= 0 && place <= lastSeq) feed.begin({ afterSeq: place, lastSeq });
    else wire.close(4400, { message: `after_seq is not within 0 and ${lastSeq}` });
  };
  const claim = (): boolean => {
    const was = isOpen;
    isOpen = false;
    clearTimeout(timer);
    return was;
  };
  const live = (): void => {
    if (claim()) at(readySeq, readySeq);
  };
  const timer = setTimeout(live, resumeMs);
  if (afterSeq === null || (afterSeq >= 0 && afterSeq <= readySeq)) wire.sendMoment(ready);
  if (afterSeq !== null) {
    clearTimeout(timer);
    at(afterSeq, readySeq);
  }
  return { claim, at, live, stop: () => clearTimeout(timer) };
}
