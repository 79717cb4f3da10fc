import { useState } from 'react';
import { toldOf } from '../state/told';

interface Further<P> {
  /** the first, and below it the further ones as they were when they were asked for */
  pages: P[];
  /** null: there are no more */
  more: (() => void) | null;
  /** why the next one did not come */
  failed: string | null;
}

/** The pages of a list: the first as it is now, further ones on demand. */
export function useFurther<P extends { next_cursor: string | null }>(
  first: P,
  load: (cursor: string) => Promise<P>,
): Further<P> {
  const [further, setFurther] = useState<P[]>([]);
  const [failed, setFailed] = useState<string | null>(null);
  const next = (further.at(-1) ?? first).next_cursor;
  const more = (cursor: string): void => {
    load(cursor).then(
      (page) => {
        setFailed(null);
        // Pressed twice, the page comes twice.
        setFurther((known) => ((known.at(-1) ?? first).next_cursor === cursor ? [...known, page] : known));
      },
      (thrown: unknown) => setFailed(toldOf(thrown).message),
    );
  };
  return { pages: [first, ...further], failed, more: next === null ? null : () => more(next) };
}

export function ShowMore({ of: { more, failed }, count }: { of: Further<unknown>; count: number }) {
  return (
    <>
      {failed !== null && (
        <p className="err pad" role="alert">
          {failed}
        </p>
      )}
      {more !== null && (
        <p className="pad">
          <button className="btn" type="button" onClick={more}>
            Show {count} more
          </button>
        </p>
      )}
    </>
  );
}
