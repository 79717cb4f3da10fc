import { useState } from 'react';
import type { SessionView } from '../../sdk/api-types';
import { isNothing } from '../state/money';
import { toldOf } from '../state/told';
import type { Told } from '../state/told';
import { Dialog } from './dialog';
import { ErrorCode } from './error-code';

interface ChatDialogProps {
  view: SessionView | null;
  closed: boolean;
  onClose: () => void;
  closeChat: () => Promise<unknown>;
  eraseChat: () => Promise<unknown>;
}

/** What can be done with a whole chat. Each ending says first what becomes of the money. */
export function ChatDialog({ view, closed, onClose, closeChat, eraseChat }: ChatDialogProps) {
  const [ending, setEnding] = useState<'close' | 'erase' | null>(null);
  if (ending === 'close') {
    return (
      <Ending
        title="Close this chat?"
        verb="Close chat"
        keep="Leave it open"
        view={view}
        onClose={onClose}
        act={closeChat}
      >
        <li>The turn that works now stops. What was said and paid stays here to be read.</li>
        <li>A closed chat stays closed.</li>
      </Ending>
    );
  }
  if (ending === 'erase') {
    return (
      <Ending
        title="Erase this chat?"
        verb="Erase chat"
        keep="Keep it"
        danger
        view={view}
        onClose={onClose}
        act={eraseChat}
      >
        <li>All its words go: yours, mine, and what agents were asked and answered. It cannot be undone.</li>
        <li>What money moved stays in your records. What an agent was sent is in the agent’s hands.</li>
      </Ending>
    );
  }
  return (
    <Dialog className="box-dialog" label="This chat" onClose={onClose}>
      <div className="pad choices">
        <h2>This chat</h2>
        {!closed && (
          <button className="card" type="button" onClick={() => setEnding('close')}>
            <b>Close chat</b>
            <small>It can be read, and no more written to.</small>
          </button>
        )}
        <button className="card" type="button" onClick={() => setEnding('erase')}>
          <b>Erase chat</b>
          <small>Its words go for good; what money moved stays on record.</small>
        </button>
        <div className="row end">
          <button className="btn" type="button" onClick={onClose}>
            Back
          </button>
        </div>
      </div>
    </Dialog>
  );
}

interface EndingProps {
  title: string;
  verb: string;
  keep: string;
  danger?: boolean;
  view: SessionView | null;
  onClose: () => void;
  act: () => Promise<unknown>;
  children: React.ReactNode;
}

function Ending({ title, verb, keep, danger = false, view, onClose, act, children }: EndingProps) {
  const [busy, setBusy] = useState(false);
  const [error, setError] = useState<Told | null>(null);
  const go = (): void => {
    if (busy) return;
    setBusy(true);
    setError(null);
    act().then(onClose, (thrown: unknown) => {
      setError(toldOf(thrown));
      setBusy(false);
    });
  };
  return (
    <Dialog className="box-dialog" label={title} onClose={onClose}>
      <div className="pad">
        <h2>{title}</h2>
        <ul className="ends">
          {children}
          <Money view={view} />
        </ul>
        {error !== null && (
          <p className="err" role="alert">
            {error.message}
            <ErrorCode {...error} />
          </p>
        )}
        <div className="row end mt-4">
          <button className="btn" type="button" onClick={onClose}>
            {keep}
          </button>
          <button
            className={danger ? 'btn danger' : 'btn primary'}
            type="button"
            aria-disabled={busy}
            onClick={go}
          >
            {busy ? 'Sending…' : verb}
          </button>
        </div>
      </div>
    </Dialog>
  );
}

/** Asked, held and paid are three things, and each ends in its own way. */
function Money({ view }: { view: SessionView | null }) {
  if (view === null) return null;
  const { asked_usdc: asked, held_usdc: held, spent_usdc: spent } = view.budget;
  return (
    <>
      {!isNothing(asked) && <li>{asked} USDC asked now is taken back; nothing of it is paid.</li>}
      {!isNothing(held) && (
        <li>
          {held} USDC held comes back to you. Where an agent works for it already, it is paid when the work is
          done, and comes back if it fails.
        </li>
      )}
      {!isNothing(spent) && <li>{spent} USDC spent stays spent.</li>}
      {[asked, held, spent].every(isNothing) && <li>No money is asked, held or spent in it.</li>}
    </>
  );
}
