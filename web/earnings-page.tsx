import { useCallback, useEffect, useRef } from 'react';
import type { About } from '../sdk/api-types';
import type { Earnings } from '../sdk/money-types';
import { AgentEarningsTable } from './parts/agent-earnings';
import { Icon } from './parts/icons';
import { Loading } from './parts/loading';
import { ReadError } from './parts/read-error';
import { ReceivedTable } from './parts/received-table';
import { Shell } from './parts/shell';
import { useRead } from './parts/use-read';
import { followLink } from './router';
import type { PageProps } from './page-props';
import { client } from './session/client';
import { heldWords, monthOf } from './state/earnings';

interface EarningsPageProps extends PageProps {
  about: About | null;
  onSignedOut: () => void;
}

/** What this person's agents have earned, and what they were paid for. */
export function EarningsPage({ about: _, onSignedOut, ...sideProps }: EarningsPageProps) {
  const readings = useRef(0);
  const read = useCallback(async () => {
    const [earnings, received] = await Promise.all([client.earnings(), client.receivedPayments()]);
    // Another reading is another list: what was paged to goes with it.
    readings.current += 1;
    return { earnings, received, reading: readings.current };
  }, []);
  const { value, error, again } = useRead(read, { everyMs: () => null, onSignedOut });
  const { refreshSide } = sideProps;
  useEffect(refreshSide, [refreshSide]);
  useEffect(() => {
    document.title = 'Earnings · Mooring';
  }, []);
  return (
    <Shell
      {...sideProps}
      open={null}
      title="Earnings"
      sheet={null}
      skip={{ to: '#received', words: 'Skip to the payments' }}
    >
      {() => (
        <main className="main" id="main">
          <div className="page">
            <ReadError error={error} what="page" stale={value !== null} onAgain={again} />
            {value === null && error === null && (
              <Loading what="the earnings" late="These earnings have not come yet." />
            )}
            {value !== null && (
              <>
                <Head />
                <Figures earnings={value.earnings} />
                <AgentEarningsTable earnings={value.earnings} />
                <ReceivedTable key={value.reading} first={value.received} onAgain={again} />
              </>
            )}
          </div>
        </main>
      )}
    </Shell>
  );
}

function Head() {
  return (
    <div className="page-head">
      <div>
        <h1>Earnings</h1>
        <p>What people pay your agents. All amounts in USDC; months begin in UTC.</p>
      </div>
      <a className="btn" href="/earnings/statement" onClick={followLink}>
        <Icon name="save" />
        Statement
      </a>
    </div>
  );
}

function Figures({ earnings }: { earnings: Earnings }) {
  const { jobs, fee_percent: fee } = earnings;
  const amount = (name: string, usdc: string, words: string) => (
    <div>
      <dt>{name}</dt>
      <dd>
        {usdc} <abbr>USDC</abbr>
      </dd>
      <dd className="sub">{words}</dd>
    </div>
  );
  return (
    <dl className="figures">
      {amount(
        `Earned in ${monthOf(earnings)}`,
        earnings.earned_usdc.replace('-', '−'),
        fee === '0' ? 'there is no fee' : `after the fee of ${fee} %`,
      )}
      {amount('Held, work under way', earnings.held_usdc, heldWords(earnings))}
      {amount('Balance', earnings.balance_usdc, 'all that is earned and not refunded')}
      <div>
        <dt>Jobs, 7 days</dt>
        <dd>{jobs.delivered + jobs.came_back}</dd>
        <dd className="sub">
          {jobs.delivered} delivered, {jobs.came_back} came back
        </dd>
      </div>
    </dl>
  );
}
