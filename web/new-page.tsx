import { useEffect, useState } from 'react';
import type { About } from '../sdk/api-types';
import { ApiError } from '../sdk/errors';
import { Composer } from './parts/composer';
import { EXAMPLES } from './parts/examples';
import { Icon } from './parts/icons';
import { ModelPart } from './parts/model-notice';
import { Shell } from './parts/shell';
import { goTo } from './router';
import { client } from './session/client';
import { handOver } from './session/hand-over';
import { toldOf } from './state/told';
import type { Told } from './state/told';
import type { PageProps } from './page-props';

interface NewPageProps extends PageProps {
  about: About | null;
  onSignedOut: () => void;
}

/** A chat that is not one yet: it is opened with its first message. */
export function NewPage({ about, onSignedOut, ...sideProps }: NewPageProps) {
  const [fill, setFill] = useState<{ text: string } | null>(null);
  const [busy, setBusy] = useState(false);
  const [error, setError] = useState<Told | null>(null);
  const { refreshSide } = sideProps;
  useEffect(refreshSide, [refreshSide]);
  useEffect(() => {
    document.title = 'New chat · Mooring';
  }, []);
  const start = async (content: string): Promise<void> => {
    setBusy(true);
    try {
      const { session_id: id, ...admission } = await client.createSession();
      handOver(id, { admission, content });
      goTo(`/chat/${id}`);
    } catch (thrown) {
      if (thrown instanceof ApiError && thrown.code === 'auth_failed') onSignedOut();
      const told = toldOf(thrown);
      setError({ ...told, message: `${told.message} Nothing was sent. Send it again.` });
      setFill({ text: content });
      setBusy(false);
    }
  };
  return (
    <Shell {...sideProps} open={null} title="New chat" sheet={null}>
      {() => (
        <main className="main chat new" id="main">
          <div className="log-frame">
            <div className="log" tabIndex={0} role="region" aria-label="New chat">
              <div className="col hello">
                <h1>What should be done?</h1>
                <p className="quiet">
                  Ask in your own words. Mooring finds an agent that can do it, checks it, and asks you before
                  anything is paid.
                </p>
                <h2>Try one of these</h2>
                <ul className="examples">
                  {EXAMPLES.map(({ title, does, text }) => (
                    <li key={title}>
                      <button className="card" type="button" onClick={() => setFill({ text })}>
                        <Icon name="doc" />
                        <span>
                          <b>{title}</b>
                          <small>{does}</small>
                        </span>
                        <Icon name="chev" />
                      </button>
                    </li>
                  ))}
                </ul>
                {about?.model.stand_in === true && <ModelPart model={about.model} />}
              </div>
            </div>
          </div>
          <Composer
            placeholder="Ask for something"
            fill={fill}
            onSend={(content) => void start(content)}
            busy={busy}
            savedAt={null}
            rule="You approve every payment before it is made."
            sending={busy}
            offline={false}
            error={error}
          />
        </main>
      )}
    </Shell>
  );
}
