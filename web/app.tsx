import { useCallback, useEffect, useState, useSyncExternalStore } from 'react';
import type { About } from '../sdk/api-types';
import { ApprovalPage } from './approval-page';
import { ChatPage } from './chat-page';
import { EarningsPage } from './earnings-page';
import { NewPage } from './new-page';
import { InboxPage } from './inbox-page';
import { PaymentPage } from './payment-page';
import { PaymentsPage } from './payments-page';
import { useRoute } from './router';
import { client } from './session/client';
import { createSideStore } from './session/sessions-store';
import { SignInPage } from './sign-in-page';
import { StatementPage } from './statement-page';
import { TaskPage } from './task-page';
import { UnknownPage } from './unknown-page';
import { WalletPage } from './wallet-page';

const SIDE_EVERY_MS = 15_000;
const AGAIN_MS = 2_000;

export function App() {
  const about = useAbout();
  const [signedIn, setSignedIn] = useState(client.isSignedIn);
  const leave = useCallback((): void => {
    client.signOut();
    setSignedIn(false);
  }, []);
  useEffect(() => {
    // Signed out, or in, in another tab.
    const look = (): void => setSignedIn(client.isSignedIn());
    addEventListener('storage', look);
    return () => removeEventListener('storage', look);
  }, []);
  if (!signedIn) return <SignInPage about={about} onSignedIn={() => setSignedIn(true)} />;
  return <SignedIn about={about} onLeave={leave} />;
}

function SignedIn({ about, onLeave }: { about: About | null; onLeave: () => void }) {
  const [store] = useState(() => createSideStore(client));
  const side = useSyncExternalStore(store.subscribe, store.snapshot);
  const route = useRoute();
  useEffect(() => {
    const look = (): void => {
      if (document.visibilityState === 'visible') store.refresh();
    };
    const timer = setInterval(look, SIDE_EVERY_MS);
    document.addEventListener('visibilitychange', look);
    return () => {
      clearInterval(timer);
      document.removeEventListener('visibilitychange', look);
    };
  }, [store]);
  useEffect(() => {
    // A sign-in that has run out for good is noticed by whoever asks first.
    if (side.failed && !client.isSignedIn()) onLeave();
  }, [side.failed, onLeave]);
  const props = {
    side,
    refreshSide: store.refresh,
    onMore: store.more,
    onSearch: store.search,
    onSignOut: onLeave,
    about,
    onSignedOut: onLeave,
  };
  if (route.page === 'chat') return <ChatPage key={route.id} id={route.id} {...props} />;
  if (route.page === 'task') return <TaskPage key={route.id} id={route.id} {...props} />;
  if (route.page === 'inbox') return <InboxPage key={route.id} id={route.id} {...props} />;
  if (route.page === 'approval') return <ApprovalPage key={route.id} id={route.id} {...props} />;
  if (route.page === 'earnings') return <EarningsPage {...props} />;
  if (route.page === 'unknown') return <UnknownPage {...props} />;
  if (route.page === 'statement') {
    const account = route.id === 'earnings' ? 'earnings' : 'wallet';
    return <StatementPage account={account} {...props} />;
  }
  if (route.page === 'payment') return <PaymentPage key={route.id} id={route.id} {...props} />;
  if (route.page === 'payments') return <PaymentsPage {...props} />;
  if (route.page === 'wallet') return <WalletPage {...props} />;
  return <NewPage {...props} />;
}

/** What this server is; asked until it answers. */
function useAbout(): About | null {
  const [about, setAbout] = useState<About | null>(null);
  useEffect(() => {
    let timer: ReturnType<typeof setTimeout>;
    const ask = (): void => {
      client.about().then(setAbout, () => {
        timer = setTimeout(ask, AGAIN_MS);
      });
    };
    ask();
    return () => clearTimeout(timer);
  }, []);
  return about;
}
