import { useMemo, useState } from 'react';
import type { SessionListItem } from '../../sdk/api-types';
import { followLink } from '../router';
import type { SideSnapshot } from '../session/sessions-store';
import { groupSessions } from '../state/session-groups';
import type { SessionGroup } from '../state/session-groups';
import { Brand, Icon } from './icons';

/** What the open chat knows of itself, fresher than the list. */
export interface OpenChat {
  id: string;
  title: string | null;
  mark: 'wait' | 'now' | 'rest';
  /** “Approve 0.05 USDC · 9:13” */
  line: string | null;
}

interface SideProps {
  side: SideSnapshot;
  open: OpenChat | null;
  onMore: () => void;
  onSearch: (words: string) => void;
  onSignOut: () => void;
  /** a link was followed, so a drawer may go */
  onGo?: () => void;
}

/** The pages beside the chats; under each stand those that belong to it. */
const LINKS = [
  { to: '/wallet', icon: 'wallet', words: 'Wallet' },
  { to: '/earnings', icon: 'mine', words: 'Earnings' },
] as const;
const OF_ADMINS = [{ to: '/ops/unknown-payments', icon: 'ask', words: 'Not known' }] as const;

const isAt = (to: string): 'page' | 'true' | undefined => {
  if (location.pathname === to) return 'page';
  return location.pathname.startsWith(`${to}/`) ? 'true' : undefined;
};

export function SideParts({ side, open, onMore, onSearch, onSignOut, onGo }: SideProps) {
  const [search, setSearch] = useState('');
  const found = search.trim() !== '' && side.found?.words === search.trim() ? side.found : null;
  const groups = useMemo(
    () =>
      groupSessions(
        withOpen(found?.sessions ?? side.sessions ?? [], open),
        found === null ? search : '',
        Date.now(),
      ),
    [side.sessions, found, open, search],
  );
  const more = search === '' ? side.nextCursor : (found?.nextCursor ?? null);
  const follow = (event: React.MouseEvent<HTMLAnchorElement>): void => {
    followLink(event);
    onGo?.();
  };
  return (
    <>
      <a className="brand" href="/" onClick={follow}>
        <Brand />
      </a>
      <nav className="nav" aria-label="Main">
        {[...LINKS, ...(side.me?.role === 'admin' ? OF_ADMINS : [])].map(({ to, icon, words }) => (
          <a key={to} href={to} onClick={follow} aria-current={isAt(to)}>
            <Icon name={icon} />
            {words}
          </a>
        ))}
      </nav>
      <div className="side-head">
        Chats
        <a className="btn sm line" href="/" onClick={follow}>
          <Icon name="plus" />
          New chat
        </a>
      </div>
      <label className="side-search">
        <Icon name="search" />
        <span className="sr">Search chats</span>
        <input
          type="search"
          placeholder="Search chats"
          value={search}
          onChange={({ target }) => {
            setSearch(target.value);
            onSearch(target.value);
          }}
        />
      </label>
      <nav className="sess" aria-label="Chats">
        {groups.map((group) => (
          <Group key={group.name} group={group} open={open} onFollow={follow} />
        ))}
        {side.sessions?.length === 0 && <p className="none">Your chats will stand here.</p>}
        {search !== '' && groups.length === 0 && <p className="none">No chat has “{search}” in its title.</p>}
        {more !== null && (
          <button className="btn plain sm" type="button" onClick={onMore}>
            Show 50 more
          </button>
        )}
      </nav>
      <Person side={side} onSignOut={onSignOut} />
    </>
  );
}

function withOpen(sessions: SessionListItem[], open: OpenChat | null): SessionListItem[] {
  return sessions.map((session) => {
    if (session.id !== open?.id) return session;
    const phase = open.mark === 'now' ? 'WORKING' : session.phase === 'WORKING' ? 'CONNECTED' : session.phase;
    return { ...session, title: open.title ?? session.title, waiting: open.mark === 'wait', phase };
  });
}

interface GroupProps {
  group: SessionGroup;
  open: OpenChat | null;
  onFollow: (event: React.MouseEvent<HTMLAnchorElement>) => void;
}

const DOTS = { wait: 'sdot wait', now: 'sdot now', rest: 'sdot' } as const;

function Group({ group, open, onFollow }: GroupProps) {
  return (
    <>
      <h3>{group.name}</h3>
      {group.sessions.map(({ id, title, mark, when }) => {
        const own = open?.id === id ? open.line : null;
        const line = mark === 'wait' ? (own ?? 'Waits for your answer') : mark === 'now' ? own : null;
        return (
          <a
            key={id}
            className={line === null ? '' : 'two'}
            href={`/chat/${id}`}
            onClick={onFollow}
            aria-current={open?.id === id ? 'page' : undefined}
          >
            <i className={DOTS[mark]} />
            <span>
              <bdi>{title ?? 'New chat'}</bdi>
            </span>
            <small className={mark === 'wait' ? 't-wait' : ''}>{line ?? when}</small>
          </a>
        );
      })}
    </>
  );
}

function Person({ side, onSignOut }: { side: SideSnapshot; onSignOut: () => void }) {
  const { me, wallet } = side;
  const name = me?.name ?? '';
  const letters = name
    .split(/\s+/)
    .map((word) => word.slice(0, 1))
    .join('')
    .slice(0, 2)
    .toUpperCase();
  return (
    <div className="me">
      <span className="face" aria-hidden="true">
        {letters}
      </span>
      <span className="grow">
        {name}
        {wallet !== null && <small>{wallet.balance_usdc} USDC available</small>}
      </span>
      {me !== null && (
        <button
          className="btn plain sm icon-only"
          type="button"
          aria-label="Sign out"
          title="Sign out"
          onClick={onSignOut}
        >
          <Icon name="out" />
        </button>
      )}
    </div>
  );
}
