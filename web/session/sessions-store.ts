import type { Me, SessionListItem } from '../../sdk/api-types';
import type { Wallet } from '../../sdk/money-types';
import type { MooringClient } from '../../sdk/client';

export interface SideSnapshot {
  sessions: SessionListItem[] | null;
  nextCursor: string | null;
  me: Me | null;
  wallet: Wallet | null;
  failed: boolean;
  /** what the server has found by words of titles */
  found: { words: string; sessions: SessionListItem[]; nextCursor: string | null } | null;
}

export interface SideStore {
  subscribe: (listener: () => void) => () => void;
  snapshot: () => SideSnapshot;
  refresh: () => void;
  more: () => void;
  search: (words: string) => void;
}

const LIMIT = 50;
const TYPING_MS = 200;

/** What the side shows: the person's chats and money. Asked anew when something has happened, or the page is seen. */
export function createSideStore(client: MooringClient): SideStore {
  const listeners = new Set<() => void>();
  let snapshot: SideSnapshot = {
    sessions: null,
    nextCursor: null,
    me: null,
    wallet: null,
    failed: false,
    found: null,
  };
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
  const found = finder(client, { update, snapshot: () => snapshot });
  return {
    subscribe(listener) {
      listeners.add(listener);
      return () => void listeners.delete(listener);
    },
    snapshot: () => snapshot,
    refresh,
    search: found.search,
    more() {
      const { nextCursor, sessions } = snapshot;
      if (snapshot.found !== null) return found.more(snapshot.found);
      if (nextCursor === null || sessions === null) return;
      void client.listSessions({ limit: LIMIT, cursor: nextCursor }).then(
        (page) => update({ sessions: [...sessions, ...page.sessions], nextCursor: page.next_cursor }),
        () => undefined,
      );
    },
  };
}

interface Held {
  update: (change: Partial<SideSnapshot>) => void;
  snapshot: () => SideSnapshot;
}
type Found = NonNullable<SideSnapshot['found']>;

/** Asks the server for titles, a moment after the last letter. Until it answers, the side searches what it has. */
function finder(
  client: MooringClient,
  { update, snapshot }: Held,
): { search: (words: string) => void; more: (found: Found) => void } {
  let typing: ReturnType<typeof setTimeout> | undefined;
  let wanted = '';
  const find = async (words: string, before: Found | null): Promise<void> => {
    const cursor = before?.nextCursor ?? null;
    const page = await client.listSessions({
      limit: LIMIT,
      q: words,
      ...(cursor === null ? {} : { cursor }),
    });
    if (words !== wanted) return;
    const sessions = [...(before?.sessions ?? []), ...page.sessions];
    update({ found: { words, sessions, nextCursor: page.next_cursor } });
  };
  return {
    search(words) {
      wanted = words.trim();
      clearTimeout(typing);
      if (snapshot().found !== null) update({ found: null });
      if (wanted === '') return;
      // Without an answer the side goes on with what it has.
      typing = setTimeout(() => void find(wanted, null).catch(() => undefined), TYPING_MS);
    },
    more: (found) => void find(found.words, found).catch(() => undefined),
  };
}
