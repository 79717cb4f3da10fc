import type { SessionView } from '../../sdk/api-types';
import { followLink } from '../router';
import { budgetView } from '../state/money';
import { Icon } from './icons';

const StartNew = () => (
  <a href="/" onClick={followLink}>
    Start a new chat
  </a>
);

/** In place of the box of a chat that takes no more. */
export function Closed({ reason }: { reason: string | null }) {
  return (
    <div className="composer">
      <div>
        <p className="notice">
          <Icon name="info" />
          <span>
            <b>This chat is closed</b>
            {reason === 'idle' && ', after a day without a message'}. What was said and paid stays here.{' '}
            <StartNew />
          </span>
        </p>
      </div>
    </div>
  );
}

/** In place of the conversation of a chat whose words are gone. */
export function Erased() {
  return (
    <div className="log-frame">
      <div className="empty">
        <h2>This chat was erased</h2>
        <p>Its words are gone. What money moved stays in your records.</p>
        <a className="btn" href="/" onClick={followLink}>
          Start a new chat
        </a>
      </div>
    </div>
  );
}

/** When nothing more can be bought, and no turn begins. */
export function UsedUp({ view }: { view: SessionView | null }) {
  if (view === null || !budgetView(view.budget).usedUp) return null;
  return (
    <p className="notice wait used-up">
      <Icon name="wallet" />
      <span>
        <b>The budget of this chat is used up:</b> {view.budget.spent_usdc} of {view.budget.limit_usdc} USDC.
        Nothing more is bought. <StartNew />
      </span>
    </p>
  );
}
