import type { ApiError } from './errors';

export type ConnectionState =
  | { kind: 'connecting' }
  | { kind: 'open'; way: 'socket' | 'polling' }
  /** `retryAt` in milliseconds of this machine's clock */
  | { kind: 'waiting'; retryAt: number }
  | { kind: 'closed'; reason: 'by us' | 'by the server' | 'refused'; error?: ApiError };
