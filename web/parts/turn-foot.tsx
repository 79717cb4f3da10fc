import { followLink } from '../router';
import { sumUsdc } from '../state/money';
import { movesOf } from '../state/payment-fate';
import type { Moved } from '../state/payment-fate';
import { paidBy } from '../state/turn-view';
import { pendingWords } from '../state/unknown-words';
import type { Message, Payment, TokenCounts, Tokens, Turn } from '../state/conversation';
import { CopyButton } from './copy-button';
import { Icon } from './icons';
import { Money } from './money';
import type { Deciding } from './steps';

interface FootProps {
  turn: Turn;
  answer: Message | null;
  deciding: Deciding;
}

/** How the turn ended, what it cost, and what can be done with it. */
export function TurnFoot({ turn, answer, deciding: { payments, onAgain } }: FootProps) {
  const { end, asked } = turn;
  // Its height is kept from the first token on, so that nothing jumps when it comes.
  if (end === null) return <footer className="turn-foot" aria-hidden="true" />;
  const paid = paidBy(turn, payments);
  const names = [...new Set(paid.flatMap(({ agentName }) => agentName ?? []))];
  const total = sumUsdc(paid.map(({ amount }) => amount));
  const again = ['failed', 'cancelled'].includes(end.outcome) && asked !== null && onAgain !== null;
  return (
    <footer className="turn-foot">
      {end.outcome === 'cancelled' && (
        <span className="badge">
          <Icon name="stop" />
          Stopped by you
        </span>
      )}
      {paid.length > 0 && (
        <span>
          Paid <Money amount={total} /> to <bdi>{names.join(', ')}</bdi>
          {paid.map((payment) => (
            <PaymentLink key={payment.id} payment={payment} />
          ))}
        </span>
      )}
      {movesOf(turn, payments).map(([moved, payment]) => (
        <Move key={`${moved} ${payment.id}`} moved={moved} payment={payment} />
      ))}
      <ModelCost cost={end.costUsdc} tokens={end.tokens} />
      <span className="acts">
        {again && (
          <button className="btn plain sm" type="button" onClick={() => onAgain(asked)}>
            <Icon name="retry" />
            Try again
          </button>
        )}
        {answer !== null && <CopyButton text={answer.text} />}
      </span>
    </footer>
  );
}

const count = (tokens: number): string => tokens.toLocaleString('en-US');

/** What the model cost; which tokens that was, each time it was asked, on demand. */
function ModelCost({ cost, tokens }: { cost: string; tokens: Tokens | null }) {
  if (tokens === null) {
    return (
      <span>
        Model <Money amount={cost} />
      </span>
    );
  }
  return (
    <details className="tokens">
      <summary>
        Model <Money amount={cost} />
      </summary>
      {countsText(tokens)}
      {tokens.steps.length > 1 && (
        <ol>
          {tokens.steps.map((step, at) => (
            <li key={at}>
              {countsText(step)}: <Money amount={step.costUsdc} />
            </li>
          ))}
        </ol>
      )}
    </details>
  );
}

/** “3,000 tokens read, of them 2,100 from the cache; 40 written” */
const countsText = ({ read, fromCache, toCache, written }: TokenCounts): string => {
  const cached = fromCache > 0 ? `, of them ${count(fromCache)} from the cache` : '';
  const kept = toCache > 0 ? `, ${count(toCache)} kept for it` : '';
  return `${count(read)} tokens read${cached}${kept}; ${count(written)} written`;
};

/** What of a payment is not plain from “Paid”: a doubt about money is worse than a line too many. */
function Move({ moved, payment }: { moved: Moved; payment: Payment }) {
  if (moved === 'paid') return null;
  const { amount, agentName, fate } = payment;
  const isUnknown = moved === 'unknown' && fate.kind === 'pending';
  const [before, after] = isUnknown ? pendingWords(payment, fate) : [];
  const part = isUnknown
    ? fate.moveUsdc
    : moved === 'refunded' && fate.kind === 'paid'
      ? fate.refunded
      : null;
  return (
    <span>
      <bdi>{before}</bdi>
      <Money amount={part ?? amount} />
      {(moved === 'back' || moved === 'refunded') && ' came back'}
      <bdi>{after}</bdi>
      {moved === 'held' && (
        <>
          {' '}
          is held for <bdi>{agentName}</bdi>, not paid yet
        </>
      )}
      {moved === 'asked' && (
        <>
          {' '}
          for <bdi>{agentName}</bdi> is not paid yet
        </>
      )}
      {moved === 'nothing' && ' was not taken: nothing was paid'}
      <PaymentLink payment={payment} />
    </span>
  );
}

function PaymentLink({ payment: { id, agentName } }: { payment: Payment }) {
  return (
    <a className="to-task" href={`/wallet/payments/${id}`} onClick={followLink}>
      Details<span className="sr"> of the payment{agentName !== null && ` to ${agentName}`}</span>
    </a>
  );
}
