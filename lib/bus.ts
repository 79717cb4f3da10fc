import { EventEmitter } from 'node:events';
import type { LoggedFrame, MomentFrame } from '../domain/frames';

/**
 * What a session's listeners hear: rows of the log after their commit, moments that are never stored, and that a turn
 * was cancelled.
 */
export type SessionNews =
  | { kind: 'logged'; frame: LoggedFrame }
  | { kind: 'moment'; frame: MomentFrame }
  | { kind: 'cancelled'; turnId: string };

/**
 * The way between the worker that knows something and the sockets that show it. What is lost here is lost to
 * the eye only: the log is read again from PostgreSQL. Nothing is decided from the bus.
 */
export interface Bus {
  publish: (sessionId: string, news: SessionNews) => void;
  /** Hears one session until the returned function is called. */
  subscribe: (sessionId: string, listener: (news: SessionNews) => void) => () => void;
  close: () => Promise<void>;
}

/** The bus of one process: API and worker together. */
export function createMemoryBus(): Bus {
  const emitter = new EventEmitter();
  emitter.setMaxListeners(0);
  return {
    publish: (sessionId, news) => void emitter.emit(sessionId, news),
    subscribe(sessionId, listener) {
      emitter.on(sessionId, listener);
      return () => void emitter.off(sessionId, listener);
    },
    close: () => {
      emitter.removeAllListeners();
      return Promise.resolve();
    },
  };
}
