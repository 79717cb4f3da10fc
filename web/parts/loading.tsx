import { useEffect, useState } from 'react';
import { Icon } from './icons';

const LATE_MS = 10_000;

/** The coming shape, which its style shows after 300 ms; after 10 s, what to do. */
export function Loading() {
  const [late, setLate] = useState(false);
  useEffect(() => {
    const timer = setTimeout(() => setLate(true), LATE_MS);
    return () => clearTimeout(timer);
  }, []);
  if (!late) {
    return (
      <div className="skeleton" aria-busy="true">
        <span className="sr">Loading the conversation</span>
        <span className="bone third" />
        <span className="bone most" />
        <span className="bone most" />
      </div>
    );
  }
  return (
    <p className="notice bad" role="alert">
      <Icon name="alert" />
      <span>
        <b>This chat has not come yet.</b> The server does not answer, or the connection is slow. Nothing of
        the chat is lost, and its work goes on.{' '}
        <button className="as-link" type="button" onClick={() => location.reload()}>
          Load again
        </button>
      </span>
    </p>
  );
}
