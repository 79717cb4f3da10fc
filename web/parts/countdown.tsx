import { remaining, remainingWords } from '../state/clock';

interface CountdownProps {
  leftMs: number;
  wholeMs: number;
}

/** A ring and m:ss. At zero it waits for word: the server decides, not the page. */
export function Countdown({ leftMs, wholeMs }: CountdownProps) {
  if (leftMs <= 0) return <span className="count-down">ended, waiting for word</span>;
  const left = Math.min(100, Math.max(0, (leftMs / Math.max(1, wholeMs)) * 100));
  return (
    <span className="count-down" role="timer" aria-label={remainingWords(leftMs)}>
      <svg viewBox="0 0 16 16" aria-hidden="true">
        <circle cx="8" cy="8" r="6" pathLength="100" />
        <circle cx="8" cy="8" r="6" pathLength="100" style={{ '--left': left } as React.CSSProperties} />
      </svg>
      {remaining(leftMs)}
    </span>
  );
}
