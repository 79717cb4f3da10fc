import type { Me, SessionListItem, Wallet } from '../../sdk/api-types';
import type { MooringClient } from '../../sdk/client';

export interface SideSnapshot {
  sessions: SessionListItem[] | null;
  nextCursor: string | null;
  me: Me | null;
  wallet: Wallet | null;
  failed: boolean;
}

export interface SideStore {
  subscribe: (listener: () => void) => () => void;
  snapshot: () => SideSnapshot;
  refresh: () => void;
  more: () => void;
}

const LIMIT = 50;

/** What the side shows: the person's chats and money. Asked anew when something has happened, or the page is seen. */
export function createSideStore(client: MooringClient): SideStore {
  const listeners = new Set<() => void>();
  let snapshot: SideSnapshot = { sessions: null, nextCursor: null, me: null, wallet: null, failed: false };
  let asking = false;
  let again = false;
  const update = (change: Partial<SideSnapshot>): void => {
    snapshot = { ...snapshot, ...change };
    for (const listener of listeners) listener();
  };
  const ask = async (): Promise<void> => {
    const [page, me, wallet] = await Promise.all([
      client.listSessions({ limit: LIMIT }),
      snapshot.me ?? client.me(),
      client.wallet(),
    ]);
    update({ sessions: page.sessions, nextCursor: page.next_cursor, me, wallet, failed: false });
  };
  const refresh = (): void => {
    again = asking;
    if (asking) return;
    asking = true;
    void ask()
      .catch(() => update({ failed: true }))
      .finally(() => {
        asking = false;
        if (again) refresh();
      });
  };
  return {
    subscribe(listener) {
      listeners.add(listener);
      return () => void listeners.delete(listener);
    },
    snapshot: () => snapshot,
    refresh,
    more() {
      const { nextCursor, sessions } = snapshot;
      if (nextCursor === null || sessions === null) return;
      void client.listSessions({ limit: LIMIT, cursor: nextCursor }).then(
        (page) => update({ sessions: [...sessions, ...page.sessions], nextCursor: page.next_cursor }),
        () => undefined,
      );
    },
  };
}
