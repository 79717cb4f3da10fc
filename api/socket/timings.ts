/** Lengths of time in the life of a socket; docs/frames.md has this table, and a test holds it to it. */
export const SOCKET_TIMES = {
  authMs: { ms: 5_000, meaning: 'from open to a token; then 4408' },
  resumeMs: {
    ms: 1_000,
    meaning: 'after `SESSION_READY`, in which a `RESUME` is waited for and nothing live goes out',
  },
  pingMs: { ms: 30_000, meaning: 'between two pings' },
  pongMs: { ms: 60_000, meaning: 'without a sign of life; then 4408' },
  checkMs: { ms: 2_000, meaning: 'between two looks at the logs of all open chats' },
  graceMs: {
    ms: 5_000,
    meaning: 'from our close frame to the end of the connection, when the other side says nothing',
  },
  maxAgeMs: { ms: 12 * 60 * 60_000, meaning: 'of a socket on one token; then 4401' },
} as const;
export type SocketTimings = Record<keyof typeof SOCKET_TIMES, number>;

/** As they are; tests make them short. */
export const SOCKET_TIMINGS = Object.fromEntries(
  Object.entries(SOCKET_TIMES).map(([name, { ms }]) => [name, ms]),
) as SocketTimings;
