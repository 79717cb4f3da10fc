import { useEffect, useState } from 'react';
import { Icon } from './icons';

export function CopyButton({ text, what }: { text: string; what?: string }) {
  const [copied, setCopied] = useState(false);
  useEffect(() => {
    if (!copied) return;
    const timer = setTimeout(() => setCopied(false), 2_000);
    return () => clearTimeout(timer);
  }, [copied]);
  const copy = (): void => void navigator.clipboard.writeText(text).then(() => setCopied(true));
  return (
    <button
      className="btn plain sm"
      type="button"
      onClick={copy}
      aria-label={what === undefined ? undefined : `${copied ? 'Copied' : 'Copy'} ${what}`}
    >
      <Icon name={copied ? 'check' : 'copy'} />
      {copied ? 'Copied' : 'Copy'}
    </button>
  );
}
