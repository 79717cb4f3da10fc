import { ApiError } from '../../sdk/errors';
import { toldOf } from '../state/told';
import { followLink } from '../router';
import { ErrorCode } from './error-code';
import { Icon } from './icons';

interface ReadErrorProps {
  error: unknown;
  /** “task” */
  what: string;
  /** something older is still shown */
  stale: boolean;
  onAgain: () => void;
}

/** Why a page cannot show what it is for, what is untouched, and what to do. */
export function ReadError({ error, what, stale, onAgain }: ReadErrorProps) {
  if (error === null) return null;
  const told = toldOf(error);
  // What is not for this person is to them as if it were not there.
  if (error instanceof ApiError && [403, 404].includes(error.status)) {
    return (
      <div className="empty">
        <h2>There is no {what} at this address</h2>
        <p>
          It may belong to another account. Nothing of yours is affected.
          <ErrorCode {...told} />
        </p>
        <a className="btn" href="/" onClick={followLink}>
          Start a new chat
        </a>
      </div>
    );
  }
  return (
    <p className="notice bad" role="alert">
      <Icon name="alert" />
      <span>
        <b>{told.message}</b> {stale ? 'What stands below may be old.' : `Nothing of the ${what} is lost.`}{' '}
        <button className="as-link" type="button" onClick={onAgain}>
          Try again
        </button>
        <ErrorCode {...told} />
      </span>
    </p>
  );
}
