import { useState } from 'react';
import { Dialog } from './dialog';
import { setSingleKeysOff, singleKeysOff } from './keys';

const KEYS = [
  ['Enter', 'sends'],
  ['Shift Enter', 'new line'],
  ['Ctrl .', 'stops the turn'],
  ['a', 'goes to what waits for you'],
  ['/', 'search chats'],
  ['n', 'new chat'],
  ['Alt ↑ ↓', 'the chat above, below'],
  ['Esc', 'closes a drawer or this box'],
  ['?', 'this map'],
] as const;

export function KeyMap({ onClose }: { onClose: () => void }) {
  const [off, setOff] = useState(singleKeysOff);
  return (
    <Dialog className="box-dialog" label="Keys" onClose={onClose}>
      <div className="pad">
        <h2>Keys</h2>
        <dl className="facts keys">
          {KEYS.map(([key, does]) => (
            <div key={key}>
              <dt>
                <kbd>{key}</kbd>
              </dt>
              <dd>{does}</dd>
            </div>
          ))}
        </dl>
        <p className="small quiet">No key approves a payment: Tab and Enter on its button do.</p>
        <label className="check mt-3">
          <input
            type="checkbox"
            checked={!off}
            onChange={({ target }) => {
              setSingleKeysOff(!target.checked);
              setOff(!target.checked);
            }}
          />
          Single letters are keys
        </label>
        <div className="row end mt-4">
          <button className="btn" type="button" onClick={onClose}>
            Close
          </button>
        </div>
      </div>
    </Dialog>
  );
}
