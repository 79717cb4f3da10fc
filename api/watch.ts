import { SYSTEM } from '../domain/principal';
import type { Database } from '../db/database';
import { lastSeqs } from '../db/events';
import type { Bus, SessionNews } from '../lib/bus';
import type { Logger } from '../lib/log';

export interface Watcher {
  onNews: (news: SessionNews) => void;
  /** The end of the log, as PostgreSQL says it; heard now and then, so that a lost wake-up is no lost frame. */
  onLastSeq: (seq: number) => void;
  /** There is no log any more: the session was erased. */
  onGone: () => void;
}

/** Hears sessions: from the bus at once, and from PostgreSQL in one query for all of them. */
export interface Watch {
  follow: (sessionId: string, watcher: Watcher) => () => void;
  close: () => void;
}

interface WatchDeps {
  db: Database;
  bus: Bus;
  log: Logger;
  checkMs: number;
}

export function createWatch({ db, bus, log, checkMs }: WatchDeps): Watch {
  const followed = new Map<string, Set<Watcher>>();
  let checking = false;

  const check = async (): Promise<void> => {
    if (checking || followed.size === 0) return;
    checking = true;
    try {
      const ids = [...followed.keys()];
      const ends = await db.withTx(SYSTEM, 'feed.last-seqs', (tx) => lastSeqs(tx, ids));
      for (const id of ids) {
        const seq = ends.get(id);
        for (const watcher of followed.get(id) ?? []) {
          if (seq === undefined) watcher.onGone();
          else watcher.onLastSeq(seq);
        }
      }
    } catch (error) {
      log.warn({ err: error }, 'the logs of open chats could not be checked; the next check is soon');
    } finally {
      checking = false;
    }
  };
  const timer = setInterval(() => void check(), checkMs);

  return {
    follow(sessionId, watcher) {
      const watchers = followed.get(sessionId) ?? new Set();
      followed.set(sessionId, watchers.add(watcher));
      const unsubscribe = bus.subscribe(sessionId, watcher.onNews);
      return () => {
        unsubscribe();
        watchers.delete(watcher);
        if (watchers.size === 0 && followed.get(sessionId) === watchers) followed.delete(sessionId);
      };
    },
    close: () => clearInterval(timer),
  };
}
