import { useEffect, useState } from 'react';

/** The server's time, anew each second while something shown depends on it. */
export function useServerNow(clockOffset: number, running: boolean): number {
  const [now, setNow] = useState(() => Date.now());
  useEffect(() => {
    if (!running) return;
    setNow(Date.now());
    const timer = setInterval(() => setNow(Date.now()), 1_000);
    return () => clearInterval(timer);
  }, [running]);
  return now + clockOffset;
}
