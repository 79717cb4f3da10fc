import { useEffect, useState } from 'react';
import { Icon } from './icons';

const LATE_MS = 10_000;

interface LoadingProps {
  /** what is loaded: “the conversation” */
  what?: string;
  /** what there is to be told when it does not come */
  late?: string;
}

/** The coming shape, which its style shows after 300 ms; after 10 s, what to do. */
export function Loading({
  what = 'the conversation',
  late: words = 'This chat has not come yet.',
}: LoadingProps) {
  const [late, setLate] = useState(false);
  useEffect(() => {
    const timer = setTimeout(() => setLate(true), LATE_MS);
    return () => clearTimeout(timer);
  }, []);
  if (!late) {
    return (
      <div className="skeleton" aria-busy="true">
        <span className="sr">Loading {what}</span>
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
        <b>{words}</b> The server does not answer, or the connection is slow. Nothing is lost, and the work
        goes on.{' '}
        <button className="as-link" type="button" onClick={() => location.reload()}>
          Load again
        </button>
      </span>
    </p>
  );
}
