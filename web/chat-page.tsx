import { useEffect, useMemo, useState, useSyncExternalStore } from 'react';
import type { About } from '../sdk/api-types';
import { AsideParts } from './parts/aside';
import { Banner } from './parts/banner';
import { ChatHead } from './parts/chat-head';
import { Composer } from './parts/composer';
import { LiveRegions } from './parts/live-regions';
import { Log } from './parts/log';
import { NotThere } from './parts/not-there';
import { Shell } from './parts/shell';
import { openChatOf } from './parts/open-chat';
import { useServerNow } from './parts/use-now';
import { createChatStore } from './session/chat-store';
import { client } from './session/client';
import { takeOver } from './session/hand-over';
import { isUnanswered, liveTurn, openPayments } from './state/turn-view';
import type { PageProps } from './page-props';

interface ChatPageProps extends PageProps {
  id: string;
  about: About | null;
  onSignedOut: () => void;
}

/** One chat. Its parent gives it a new `key` with a new id. */
export function ChatPage({ id, about, onSignedOut, ...sideProps }: ChatPageProps) {
  const [store] = useState(() => createChatStore({ client, sessionId: id, handOver: takeOver(id) }));
  useEffect(() => store.close, [store]);
  const snapshot = useSyncExternalStore(store.subscribe, store.snapshot);
  const { transcript, connection, view, outgoing, refused } = snapshot;
  const busy = liveTurn(transcript) !== null || isUnanswered(transcript);
  const asking = openPayments(transcript).length > 0;
  const serverNow = useServerNow(transcript.clockOffset, busy || asking);
  const { refreshSide } = sideProps;
  useEffect(refreshSide, [view, busy, asking, refreshSide]);
  const refusal =
    connection.kind === 'closed' && connection.reason === 'refused' ? connection.error : undefined;
  useEffect(() => {
    if (refusal?.code === 'auth_failed') onSignedOut();
  }, [refusal, onSignedOut]);
  const refill = useMemo(() => (refused === null ? null : { text: refused.content }), [refused]);

  const open = openChatOf(id, snapshot, serverNow);
  const title = refusal === undefined ? (open.title ?? 'New chat') : 'No chat here';
  useEffect(() => {
    document.title = `${asking ? '● ' : ''}${title} · Mooring`;
  }, [title, asking]);
  const aside = <AsideParts view={view} transcript={transcript} about={about} />;
  const amount = view === null ? '' : `${view.budget.spent_usdc} of ${view.budget.limit_usdc} USDC`;
  const lastSaid = transcript.items.findLast((item) => item.kind === 'said');
  return (
    <Shell {...sideProps} open={open} title={title} sheet={view === null ? null : { amount, content: aside }}>
      {(openSheet) => (
        <main className="main chat" id="main">
          <ChatHead
            title={title}
            snapshot={snapshot}
            serverNow={serverNow}
            amount={amount}
            onAmount={openSheet}
          />
          <Banner connection={connection} onRetry={store.retryNow} />
          {connection.kind === 'closed' && connection.reason === 'refused' ? (
            <NotThere error={refusal} />
          ) : (
            <Log snapshot={snapshot} serverNow={serverNow} onDecide={store.decide} />
          )}
          <aside className="aside" aria-label="This chat">
            {aside}
          </aside>
          {connection.kind === 'closed' ? (
            <Closed closed={connection.reason !== 'refused'} />
          ) : (
            <Composer
              placeholder="Ask the next thing"
              fill={refill}
              onSend={store.send}
              busy={false}
              savedAt={lastSaid?.at ?? null}
              sending={outgoing.length > 0}
              offline={connection.kind !== 'open'}
              error={refused}
            />
          )}
          <LiveRegions snapshot={snapshot} serverNow={serverNow} />
        </main>
      )}
    </Shell>
  );
}

function Closed({ closed }: { closed: boolean }) {
  if (!closed) return null;
  return (
    <div className="composer">
      <div>
        <p className="notice">
          <span>
            This chat is closed. What was said and paid stays here. <a href="/">Start a new chat</a>
          </span>
        </p>
      </div>
    </div>
  );
}
