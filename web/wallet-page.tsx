import { useCallback, useEffect } from 'react';
import type { About } from '../sdk/api-types';
import type { Budgets, PaymentItem, StandingRule, Wallet } from '../sdk/money-types';
import { isSettled } from '../sdk/money-types';
import { BudgetCard } from './parts/budget-card';
import { Icon } from './parts/icons';
import { Loading } from './parts/loading';
import { PaidRows } from './parts/paid-rows';
import { ReadError } from './parts/read-error';
import { RuleCard } from './parts/rule-card';
import { Shell } from './parts/shell';
import { TopUp } from './parts/top-up';
import { useRead } from './parts/use-read';
import { followLink } from './router';
import type { PageProps } from './page-props';
import { client } from './session/client';
import { monthName } from './state/clock';
import { isNothing } from './state/money';
import { unknownTitle, unknownWords } from './state/unknown-words';

interface WalletPageProps extends PageProps {
  about: About | null;
  onSignedOut: () => void;
}

interface Seen {
  wallet: Wallet;
  budgets: Budgets;
  rules: StandingRule[];
  payments: PaymentItem[];
}

const LATEST = 8;
const LIVE_MS = 2_000;
const CALM_MS = 15_000;

const readAll = async (): Promise<Seen> => {
  const [wallet, budgets, rules, { payments }] = await Promise.all([
    client.wallet(),
    client.budgets(),
    client.rules(),
    client.payments({ limit: LATEST }),
  ]);
  return { wallet, budgets, rules, payments };
};

/** What a person can spend, what is held, what is not known, and what they have approved beforehand. */
export function WalletPage({ about, onSignedOut, ...sideProps }: WalletPageProps) {
  const read = useCallback(readAll, []);
  const everyMs = (seen: Seen | null): number =>
    seen !== null && seen.payments.every(({ state }) => isSettled(state)) && isNothing(seen.wallet.held_usdc)
      ? CALM_MS
      : LIVE_MS;
  const { value: seen, error, again } = useRead(read, { everyMs, onSignedOut });
  const { refreshSide } = sideProps;
  useEffect(refreshSide, [refreshSide, seen?.wallet.balance_usdc]);
  useEffect(() => {
    document.title = 'Wallet · Mooring';
  }, []);
  return (
    <Shell
      {...sideProps}
      open={null}
      title="Wallet"
      sheet={null}
      skip={{ to: '#payments', words: 'Skip to the payments' }}
    >
      {() => (
        <main className="main" id="main">
          <div className="page">
            <div className="page-head">
              <div>
                <h1>Wallet</h1>
                <p>All amounts in USDC. Nothing moves without your approval or a rule of yours.</p>
              </div>
              <div className="row">
                <a className="btn" href="/wallet/statement" onClick={followLink}>
                  <Icon name="save" />
                  Statement
                </a>
                {about?.sign_in.development === true && <TopUp onChanged={again} />}
              </div>
            </div>
            <ReadError error={error} what="wallet" stale={seen !== null} onAgain={again} />
            {seen === null && error === null && (
              <Loading what="the wallet" late="The wallet has not come yet." />
            )}
            {seen !== null && <Whole seen={seen} onChanged={again} />}
          </div>
        </main>
      )}
    </Shell>
  );
}

function Whole({
  seen: { wallet, budgets, rules, payments },
  onChanged,
}: {
  seen: Seen;
  onChanged: () => void;
}) {
  return (
    <>
      <Figures wallet={wallet} budgets={budgets} />
      {wallet.unknown.map((unknown) => (
        <section
          key={unknown.payment_id}
          className="notice fog tall gap"
          aria-labelledby={unknown.payment_id}
        >
          <Icon name="ask" />
          <div>
            <h2 id={unknown.payment_id} className="h">
              <bdi>{unknownTitle(unknown, unknown)}</bdi>
            </h2>
            <p className="quiet measure">
              <bdi>{unknownWords(unknown, unknown)}</bdi>
            </p>
          </div>
          <a className="btn sm" href={`/wallet/payments/${unknown.payment_id}`} onClick={followLink}>
            Timeline
          </a>
        </section>
      ))}
      <div className="cols">
        <Latest payments={payments} />
        <div className="stack-3">
          <BudgetCard budgets={budgets} onChanged={onChanged} />
          <RuleCard rules={rules} onChanged={onChanged} />
        </div>
      </div>
    </>
  );
}

function Figures({ wallet, budgets }: { wallet: Wallet; budgets: Budgets }) {
  const figure = (name: string, amount: string, sub: string) => (
    <div>
      <dt>{name}</dt>
      <dd>
        {amount} <small>USDC</small>
      </dd>
      <dd className="sub">{sub}</dd>
    </div>
  );
  return (
    <dl className="figures">
      {figure('Available', wallet.balance_usdc, 'you can spend this')}
      {figure('Held', wallet.held_usdc, heldWords(wallet))}
      {figure(`Paid in ${monthName(new Date())}`, budgets.month.paid_usdc, 'to agents, less what came back')}
    </dl>
  );
}

function heldWords({ held }: Wallet): string {
  const parts = [
    ...(isNothing(held.waiting_usdc) ? [] : [`${held.waiting_usdc} waits for you`]),
    ...(isNothing(held.working_usdc) ? [] : [`${held.working_usdc} at work`]),
    ...(isNothing(held.unknown_usdc) ? [] : [`${held.unknown_usdc} not known yet`]),
  ];
  return parts.length === 0 ? 'no agent works for money now' : parts.join(', ');
}

function Latest({ payments }: { payments: PaymentItem[] }) {
  return (
    <section className="card" id="payments" aria-labelledby="latest" tabIndex={-1}>
      <div className="card-head">
        <h2 id="latest">Payments</h2>
        {payments.length > 0 && (
          <a className="small" href="/wallet/payments" onClick={followLink}>
            All of them
          </a>
        )}
      </div>
      {payments.length === 0 ? (
        <div className="empty">
          <h3>No payment yet</h3>
          <p>What agents ask you to pay, what is held and what is paid will stand here.</p>
          <a className="btn" href="/" onClick={followLink}>
            Start a new chat
          </a>
        </div>
      ) : (
        <PaidRows payments={payments} />
      )}
    </section>
  );
}
