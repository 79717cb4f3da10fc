import { sumUsdc } from '../state/money';
import { paidBy } from '../state/turn-view';
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
        </span>
      )}
      {unknown(turn, payments).map(({ id, amount, agentName }) => (
        <span key={id}>
          We do not know yet whether <Money amount={amount} /> was paid to <bdi>{agentName}</bdi>. It stays
          held; no second payment can start.
        </span>
      ))}
      <ModelCost cost={end.costUsdc} tokens={end.tokens} />
      {returned(turn, payments).map(({ id, amount }) => (
        <span key={id}>
          <Money amount={amount} /> came back
        </span>
      ))}
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

const unknown = (turn: Turn, payments: Deciding['payments']): Payment[] =>
  turn.paymentIds.flatMap((id) => {
    const payment = payments[id];
    return payment?.fate.kind === 'pending' && !payment.fate.isKnown ? [payment] : [];
  });

const FREE_AGAIN = new Set(['VOIDED', 'RECLAIMED']);

/** What was held and came back, and what was paid and refunded. */
function returned(turn: Turn, payments: Deciding['payments']): Pick<Payment, 'id' | 'amount'>[] {
  return turn.paymentIds.flatMap((id) => {
    const payment = payments[id];
    if (payment?.fate.kind === 'paid') {
      return payment.fate.refunded === null ? [] : [{ id, amount: payment.fate.refunded }];
    }
    return payment?.fate.kind === 'ended' && FREE_AGAIN.has(payment.fate.state) ? [payment] : [];
  });
}
