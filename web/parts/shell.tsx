import { useRef, useState } from 'react';
import { goTo } from '../router';
import type { SideSnapshot } from '../session/sessions-store';
import { groupSessions } from '../state/session-groups';
import { MoreButton } from './chat-head';
import { Dialog } from './dialog';
import { Icon } from './icons';
import { KeyMap } from './key-map';
import { useKeys } from './keys';
import { SideParts } from './side';
import type { OpenChat } from './side';

interface ShellProps {
  side: SideSnapshot;
  open: OpenChat | null;
  onMore: () => void;
  onSearch: (words: string) => void;
  onSignOut: () => void;
  title: string;
  /** what can be done with the chat on this page */
  onMoreOfChat?: () => void;
  /** ends the turn that works */
  onStop?: (() => void) | null;
  /** what stands behind the amount on a narrow screen */
  sheet: { amount: string; content: React.ReactNode } | null;
  /** where the keyboard may go at once, past the side */
  skip?: { to: string; words: string };
  children: (openSheet: () => void) => React.ReactNode;
}

const TO_MESSAGE = { to: '#msg', words: 'Skip to the message box' };

/** Side, main part, and on narrow screens the drawer and the sheet that take their place. */
export function Shell({ side, open, title, sheet, children, ...does }: ShellProps) {
  const { onMore, onSearch, onSignOut, onMoreOfChat, onStop = null, skip = TO_MESSAGE } = does;
  const [over, setOver] = useState<'drawer' | 'sheet' | 'keys' | null>(null);
  const shell = useRef<HTMLDivElement>(null);
  const close = (): void => setOver(null);
  useKeys({
    search: () => shell.current?.querySelector<HTMLInputElement>('.side-search input')?.focus(),
    newChat: () => goTo('/'),
    waiting: () => goToWaiting(side, open),
    map: () => setOver('keys'),
    stop: onStop,
    chat: (step) => goBeside(side, open, step),
  });
  const parts = { side, open, onMore, onSearch, onSignOut };
  return (
    <>
      <a className="skip" href={skip.to}>
        {skip.words}
      </a>
      <div className="shell" ref={shell}>
        <aside className="side" aria-label="Chats and account">
          <SideParts {...parts} />
        </aside>
        <header className="topbar">
          <button
            className="btn plain icon-only"
            type="button"
            aria-label="Menu"
            onClick={() => setOver('drawer')}
          >
            <Icon name="menu" />
          </button>
          <b>
            <bdi>{title}</bdi>
          </b>
          {sheet !== null && (
            <button className="btn plain sm" type="button" onClick={() => setOver('sheet')}>
              <span className="sr">Money in this chat: </span>
              {sheet.amount}
            </button>
          )}
          {onMoreOfChat !== undefined && <MoreButton onMore={onMoreOfChat} />}
        </header>
        {children(() => setOver('sheet'))}
      </div>
      {over === 'drawer' && (
        <Dialog className="drawer" label="Chats" onClose={close}>
          <div className="side">
            <SideParts {...parts} onGo={close} />
          </div>
        </Dialog>
      )}
      {over === 'sheet' && sheet !== null && (
        <Dialog className="sheet" label="This chat" onClose={close}>
          <div className="aside">
            <button className="btn plain icon-only" type="button" aria-label="Close" onClick={close}>
              <Icon name="x" />
            </button>
            {sheet.content}
          </div>
        </Dialog>
      )}
      {over === 'keys' && <KeyMap onClose={close} />}
    </>
  );
}

/** The chats as the side lists them. */
const inOrder = (side: SideSnapshot): string[] =>
  groupSessions(side.sessions ?? [], '', Date.now()).flatMap(({ sessions }) => sessions.map(({ id }) => id));

function goBeside(side: SideSnapshot, open: OpenChat | null, step: 1 | -1): void {
  const ids = inOrder(side);
  const place = open === null ? -1 : ids.indexOf(open.id);
  const next = ids[place === -1 ? 0 : place + step];
  if (next !== undefined) goTo(`/chat/${next}`);
}

/** The card of this chat, or the first chat that waits. Focus goes to the card, never onto its button. */
function goToWaiting(side: SideSnapshot, open: OpenChat | null): void {
  const row = document.querySelector<HTMLElement>('li.wait[tabindex]');
  if (row !== null) {
    row.focus();
    row.scrollIntoView({ block: 'nearest' });
    return;
  }
  const other = side.sessions?.find(({ waiting, id }) => waiting && id !== open?.id);
  if (other !== undefined) goTo(`/chat/${other.id}`);
}
