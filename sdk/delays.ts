import { CLOSE_CODES } from '../domain/frames';
import type { CloseCode } from '../domain/frames';

/** Lengths of time, in milliseconds. Tests make them short. */
export const DELAYS = {
  /** the server leaves and comes back: anything from 0 to this, so that not all come at once */
  soonMs: 2_000,
  /** the first back-off; it doubles */
  backoffMs: 1_000,
  maxBackoffMs: 30_000,
  /** for a socket to open */
  openMs: 10_000,
  /** between two tries of a socket while polling */
  socketAgainMs: 60_000,
  /** without a frame, until we ask whether the socket still brings any */
  silentMs: 15_000,
};
export type Delays = typeof DELAYS;

export interface SocketEnd {
  /** the handshake was answered */
  opened: boolean;
  code: number;
  retryAfterMs: number | null;
}

type Reconnect = (typeof CLOSE_CODES)[CloseCode]['reconnect'];

const isNamed = (code: number): code is CloseCode => Object.hasOwn(CLOSE_CODES, code);

/** A connection that broke without a code: soon at first, then with growing patience. */
export function reconnectAfter({ code }: SocketEnd, failures: number): Reconnect {
  if (isNamed(code)) return CLOSE_CODES[code].reconnect;
  return failures === 0 ? 'soon' : 'backoff';
}

/** How long to wait before the next try; `failures` counts the tries since the last good connection. */
export function delayOf(
  how: Exclude<Reconnect, 'no'>,
  { failures, retryAfterMs, delays }: { failures: number; retryAfterMs: number | null; delays: Delays },
): number {
  const backoff = Math.min(delays.backoffMs * 2 ** Math.max(0, failures - 1), delays.maxBackoffMs);
  const jittered = backoff * (0.75 + Math.random() / 2);
  switch (how) {
    case 'soon':
      return failures <= 1 ? Math.random() * delays.soonMs : jittered;
    case 'new_token':
      return failures === 0 ? 0 : jittered;
    case 'retry_after':
      return retryAfterMs ?? Math.max(jittered, delays.soonMs);
    case 'backoff':
      return Math.max(jittered, retryAfterMs ?? 0);
  }
}
