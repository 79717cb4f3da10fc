import { useEffect, useMemo, useState, useSyncExternalStore } from 'react';
import type { About } from '../sdk/api-types';
import { AsideParts } from './parts/aside';
import { Banner } from './parts/banner';
import { ChatDialog } from './parts/chat-dialog';
import { ChatHead } from './parts/chat-head';
import { Closed, Erased, UsedUp } from './parts/chat-ends';
import { Composer } from './parts/composer';
import { LiveRegions } from './parts/live-regions';
import { Log } from './parts/log';
import { NotThere } from './parts/not-there';
import { Shell } from './parts/shell';
import { openChatOf } from './parts/open-chat';
import { useServerNow } from './parts/use-now';
import { goTo } from './router';
import { createChatStore } from './session/chat-store';
import type { ChatSnapshot } from './session/chat-store';
import { client } from './session/client';
import { takeOver } from './session/hand-over';
import { standingRule } from './state/money';
import { isAsking, isBusy, isMoving, openQuestions } from './state/turn-view';
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
  const busy = isBusy(transcript);
  const asking = isAsking(transcript);
  const serverNow = useServerNow(transcript.clockOffset, isMoving(transcript));
  const [more, setMore] = useState(false);
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
  const closed = connection.kind === 'closed' || transcript.closed !== null;
  const reason = transcript.closed?.reason ?? null;
  const gone = reason === 'erased' || (connection.kind === 'closed' && connection.reason === 'refused');
  const stop = busy && !closed ? { stopping: snapshot.stopping, onStop: store.stop } : undefined;
  return (
    <Shell
      {...sideProps}
      open={open}
      title={title}
      sheet={view === null ? null : { amount, content: aside }}
      onMoreOfChat={() => setMore(true)}
      onStop={stop?.onStop ?? null}
    >
      {(openSheet) => (
        <main className="main chat" id="main">
          <ChatHead
            title={title}
            snapshot={snapshot}
            serverNow={serverNow}
            amount={amount}
            onAmount={openSheet}
            onMore={() => setMore(true)}
          />
          <Banner connection={connection} onRetry={store.retryNow} />
          <Middle
            snapshot={snapshot}
            log={
              <Log
                snapshot={snapshot}
                serverNow={serverNow}
                onDecide={store.decide}
                onAnswer={store.answer}
                onConfirm={store.confirm}
                onAgain={closed ? null : store.send}
              />
            }
          />
          <aside className="aside" aria-label="This chat">
            {aside}
          </aside>
          {closed ? (
            !gone && <Closed reason={reason} />
          ) : (
            <Composer
              placeholder="Ask the next thing"
              fill={refill}
              onSend={store.send}
              busy={false}
              savedAt={lastSaid?.at ?? null}
              rule={view === null ? '' : standingRule(view.budget.auto_approve_usdc)}
              sending={outgoing.length > 0}
              offline={connection.kind !== 'open'}
              error={refused ?? snapshot.unstopped}
              stop={stop}
              asked={openQuestions(transcript).length > 0}
              notice={<UsedUp view={view} />}
            />
          )}
          <LiveRegions snapshot={snapshot} serverNow={serverNow} />
          {more && (
            <ChatDialog
              view={view}
              closed={closed}
              onClose={() => setMore(false)}
              closeChat={() => client.closeSession(id)}
              eraseChat={() => client.eraseSession(id).then(() => goTo('/'))}
            />
          )}
        </main>
      )}
    </Shell>
  );
}

/** The conversation, or why there is none. */
function Middle({
  snapshot: { connection, transcript },
  log,
}: {
  snapshot: ChatSnapshot;
  log: React.ReactNode;
}) {
  if (transcript.closed?.reason === 'erased') return <Erased />;
  if (connection.kind !== 'closed' || connection.reason !== 'refused') return log;
  return <NotThere error={connection.error} />;
}
