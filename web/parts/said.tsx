import { memo, useMemo } from 'react';
import { partPasted } from '../state/pasted';
import { Icon } from './icons';

/** What the person said; what they pasted with it is folded. */
export const Said = memo(function Said({ content, note }: { content: string; note?: string | undefined }) {
  const { ask, text, label } = useMemo(() => partPasted(content), [content]);
  return (
    <div className="said">
      <span className="words">{ask}</span>
      {text !== null && (
        <details className="pasted">
          <summary>
            <Icon name="doc" />
            {label}
          </summary>
          <div tabIndex={0} role="region" aria-label={label}>
            {text}
          </div>
        </details>
      )}
      {note !== undefined && <span className="note">{note}</span>}
    </div>
  );
});
