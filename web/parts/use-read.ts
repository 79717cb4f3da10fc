import { useCallback, useEffect, useRef, useState } from 'react';
import { ApiError } from '../../sdk/errors';

interface Read<T> {
  value: T | null;
  /** why the newest reading failed; the older value stays */
  error: unknown;
  again: () => void;
}

/**
 * What a page shows of the server: read at once, and again after `everyMs` while the page is looked at; null: once is
 * enough. `read` is kept over renderings.
 */
export function useRead<T>(
  read: () => Promise<T>,
  { everyMs, onSignedOut }: { everyMs: (value: T | null) => number | null; onSignedOut: () => void },
): Read<T> {
  const [value, setValue] = useState<T | null>(null);
  const [error, setError] = useState<unknown>(null);
  const newest = useRef(0);
  const latest = useRef({ everyMs, onSignedOut });
  latest.current = { everyMs, onSignedOut };
  const timer = useRef<ReturnType<typeof setTimeout>>(undefined);
  const again = useCallback((): void => {
    clearTimeout(timer.current);
    const turn = (newest.current += 1);
    const next = (known: T | null): void => {
      const wait = latest.current.everyMs(known);
      if (wait === null) return;
      timer.current = setTimeout(() => (document.hidden ? next(known) : again()), wait);
    };
    read().then(
      (fresh) => {
        if (turn !== newest.current) return;
        setValue(fresh);
        setError(null);
        next(fresh);
      },
      (thrown: unknown) => {
        if (turn !== newest.current) return;
        if (thrown instanceof ApiError && thrown.code === 'auth_failed') latest.current.onSignedOut();
        setError(thrown);
        if (!(thrown instanceof ApiError) || thrown.retryable) next(null);
      },
    );
  }, [read]);
  useEffect(() => {
    again();
    return () => {
      newest.current += 1;
      clearTimeout(timer.current);
    };
  }, [again]);
  return { value, error, again };
}
