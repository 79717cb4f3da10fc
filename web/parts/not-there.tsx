import type { ApiError } from '../../sdk/errors';
import { followLink } from '../router';
import { toldOf } from '../state/told';
import { ErrorCode } from './error-code';

/** A chat that cannot be opened: what is untouched, what to do, and what an operator asks for. */
export function NotThere({ error }: { error: ApiError | undefined }) {
  const unknown = error === undefined || error.code === 'session_not_found';
  return (
    <div className="log-frame">
      <div className="empty">
        <h2>{unknown ? 'There is no chat at this address' : 'This chat cannot be opened'}</h2>
        <p>
          {unknown ? 'It may belong to another account.' : error.message} Nothing of yours is affected.
          {error !== undefined && <ErrorCode {...toldOf(error)} />}
        </p>
        <a className="btn" href="/" onClick={followLink}>
          Start a new chat
        </a>
      </div>
    </div>
  );
}
