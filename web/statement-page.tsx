import { useCallback, useEffect, useState } from 'react';
import type { About } from '../sdk/api-types';
import type { Statement, StatementAccount } from '../sdk/money-types';
import { Icon } from './parts/icons';
import { Loading } from './parts/loading';
import { ReadError } from './parts/read-error';
import { saveFile } from './parts/save-file';
import { Shell } from './parts/shell';
import { STATEMENT_PAGE, StatementTable } from './parts/statement-table';
import { useRead } from './parts/use-read';
import { followLink } from './router';
import type { PageProps } from './page-props';
import { client } from './session/client';
import { wholeStatement } from './session/whole-statement';
import { isNothing } from './state/money';
import { toldOf } from './state/told';

interface StatementPageProps extends PageProps {
  account: StatementAccount;
  about: About | null;
  onSignedOut: () => void;
}

/** Every change of what a person can spend, or of what their agents have earned. */
export function StatementPage({ account, about: _, onSignedOut, ...sideProps }: StatementPageProps) {
  const read = useCallback(
    async () => ({ account, statement: await client.statement(account, { limit: STATEMENT_PAGE }) }),
    [account],
  );
  const { value, error, again } = useRead(read, { everyMs: () => null, onSignedOut });
  // What is still here of the other account is not shown under this one's name.
  const statement = value?.account === account ? value.statement : null;
  const { refreshSide } = sideProps;
  useEffect(refreshSide, [refreshSide]);
  useEffect(() => {
    document.title = 'Statement · Mooring';
  }, []);
  return (
    <Shell
      {...sideProps}
      open={null}
      title="Statement"
      sheet={null}
      skip={{ to: '#entries', words: 'Skip to the entries' }}
    >
      {() => (
        <main className="main" id="main">
          <div className="page">
            <Head account={account} />
            <ReadError error={error} what="statement" stale={statement !== null} onAgain={again} />
            {statement !== null && <Balance account={account} statement={statement} />}
            <section className="card gap" id="entries" aria-label="Entries" tabIndex={-1}>
              <Switch account={account} />
              {statement === null && error === null && (
                <div className="pad">
                  <Loading what="the statement" late="This statement has not come yet." />
                </div>
              )}
              {statement !== null && (
                <StatementTable
                  key={`${account} ${statement.entries[0]?.id ?? ''}`}
                  account={account}
                  first={statement}
                />
              )}
            </section>
          </div>
        </main>
      )}
    </Shell>
  );
}

function Head({ account }: { account: StatementAccount }) {
  const [state, setState] = useState<{ busy: boolean; failed: string | null }>({ busy: false, failed: null });
  const fetchAs = (format: 'csv' | 'json') => (): void => {
    if (state.busy) return;
    setState({ busy: true, failed: null });
    const content =
      format === 'csv'
        ? client.statementCsv(account)
        : wholeStatement(client, account).then((whole) => `${JSON.stringify(whole, null, 2)}\n`);
    content.then(
      (file) => {
        saveFile(`mooring-${account}.${format}`, file);
        setState({ busy: false, failed: null });
      },
      (thrown: unknown) => setState({ busy: false, failed: toldOf(thrown).message }),
    );
  };
  return (
    <>
      <div className="page-head">
        <div>
          <h1>Statement</h1>
          <p>
            {account === 'wallet'
              ? 'Every change of what you can spend, newest first. All amounts in USDC.'
              : 'Every change of what your agents have earned, newest first. All amounts in USDC.'}
          </p>
        </div>
        <div className="row">
          {(['csv', 'json'] as const).map((format) => (
            <button
              key={format}
              className="btn"
              type="button"
              aria-disabled={state.busy}
              onClick={fetchAs(format)}
            >
              <Icon name="save" />
              <span className="sr">Download all of it as </span>
              {format.toUpperCase()}
            </button>
          ))}
        </div>
      </div>
      {state.failed !== null && (
        <p className="err" role="alert">
          The file did not come: {state.failed} Nothing is lost; try again.
        </p>
      )}
    </>
  );
}

function Switch({ account }: { account: StatementAccount }) {
  const link = (of: StatementAccount, words: string) => (
    <a href={`/${of}/statement`} onClick={followLink} aria-current={account === of ? 'page' : undefined}>
      {words}
    </a>
  );
  return (
    <nav className="tabs" aria-label="Account">
      {link('wallet', 'Wallet')}
      {link('earnings', 'Earnings')}
    </nav>
  );
}

function Balance({ account, statement }: { account: StatementAccount; statement: Statement }) {
  const figure = (name: string, amount: string, words: string) => (
    <div>
      <dt>{name}</dt>
      <dd>
        {amount} <abbr>USDC</abbr>
      </dd>
      <dd className="sub">{words}</dd>
    </div>
  );
  const { balance_usdc: balance, held_usdc: held } = statement;
  return (
    <dl className="figures">
      {account === 'wallet'
        ? figure('Available', balance, 'you can spend this')
        : figure('Balance', balance, 'what all entries come to')}
      {account === 'wallet' && figure('Held', held, 'for payments that are under way')}
      {account === 'earnings' && !isNothing(held) && figure('Held', held, 'on its way back to payers')}
    </dl>
  );
}
