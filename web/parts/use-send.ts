import { useState } from 'react';
import { toldOf } from '../state/told';
import type { Told } from '../state/told';

interface Sending {
  busy: boolean;
  error: Told | null;
  /** Pressed again while it is under way, it does nothing. */
  send: (work: () => Promise<unknown>, done: () => void) => void;
}

/** One thing that is sent to the server on a press, and why it was refused. */
export function useSend(): Sending {
  const [state, setState] = useState<{ busy: boolean; error: Told | null }>({ busy: false, error: null });
  return {
    ...state,
    send(work, done) {
      if (state.busy) return;
      setState({ busy: true, error: null });
      work().then(
        () => {
          setState({ busy: false, error: null });
          done();
        },
        (thrown: unknown) => setState({ busy: false, error: toldOf(thrown) }),
      );
    },
  };
}
