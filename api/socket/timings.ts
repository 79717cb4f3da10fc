/** Lengths of time in the life of a socket, in milliseconds. Tests make them short. */
export const SOCKET_TIMINGS = {
  /** from open to a token */
  authMs: 5_000,
  pingMs: 30_000,
  /** without a sign of life */
  pongMs: 60_000,
  /** between two looks at the logs of all open chats */
  checkMs: 2_000,
  /** from our close frame to the end of the connection, when the other side says nothing */
  graceMs: 5_000,
  /** no socket lives longer on one token */
  maxAgeMs: 12 * 60 * 60_000,
};
export type SocketTimings = typeof SOCKET_TIMINGS;
