import { useEffect, useState } from 'react';
import type { ConnectionState } from '../../sdk/connection-state';
import { Icon } from './icons';

const PATIENCE_MS = 700;

interface BannerProps {
  connection: ConnectionState;
  onRetry: () => void;
}

/** Shown when the connection has been away for longer than a blink. */
export function Banner({ connection, onRetry }: BannerProps) {
  const away = connection.kind === 'waiting' || connection.kind === 'connecting';
  const [shown, setShown] = useState(false);
  const [now, setNow] = useState(() => Date.now());
  useEffect(() => {
    setShown(false);
    if (!away) return;
    const show = setTimeout(() => setShown(true), PATIENCE_MS);
    const tick = setInterval(() => setNow(Date.now()), 500);
    return () => {
      clearTimeout(show);
      clearInterval(tick);
    };
  }, [away]);
  if (!shown || !away) return null;
  const seconds = connection.kind === 'waiting' ? Math.ceil((connection.retryAt - now) / 1000) : 0;
  return (
    <p className="notice wait banner">
      <Icon name="retry" />
      <span>
        <b>Reconnecting.</b> Nothing is lost: the work goes on without this page.{' '}
        {seconds > 0 ? `Next try in ${seconds} s.` : 'Trying now.'}{' '}
        {seconds > 0 && (
          <button className="as-link" type="button" onClick={onRetry}>
            Try now
          </button>
        )}
      </span>
    </p>
  );
}
