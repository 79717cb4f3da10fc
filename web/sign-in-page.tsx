import { useEffect, useState } from 'react';
import type { About } from '../sdk/api-types';
import { ErrorCode } from './parts/error-code';
import { Brand } from './parts/icons';
import { client } from './session/client';
import { toldOf } from './state/told';
import type { Told } from './state/told';

/** Who am I? In development one press is enough. */
export function SignInPage({ about, onSignedIn }: { about: About | null; onSignedIn: () => void }) {
  const [busy, setBusy] = useState(false);
  const [error, setError] = useState<Told | null>(null);
  const email = about?.sign_in.test_email;
  useEffect(() => {
    document.title = 'Sign in · Mooring';
  }, []);
  const enter = (): void => {
    if (email === undefined || busy) return;
    setBusy(true);
    client.signInForDevelopment(email).then(onSignedIn, (thrown: unknown) => {
      setError(toldOf(thrown));
      setBusy(false);
    });
  };
  return (
    <main className="solo" id="main">
      <div className="solo-card">
        <p className="brand">
          <Brand />
        </p>
        <h1>Sign in</h1>
        <p className="quiet">
          Ask for something in your own words. Agents that can do it are found, checked, hired and paid, and
          you approve each payment.
        </p>
        {about !== null && about.sign_in.development && email !== undefined && (
          <>
            <button className="btn primary big full" type="button" aria-disabled={busy} onClick={enter}>
              {busy ? 'Signing in…' : 'Continue as the test user'}
            </button>
            <p className="hint">
              <bdi>{email}</bdi>, with test money. No password; this machine only.
            </p>
          </>
        )}
        {about !== null && !about.sign_in.development && (
          <p className="notice">
            <span>This server has no one-click sign-in. Use its API with your own account.</span>
          </p>
        )}
        {error !== null && (
          <p className="err" role="alert">
            {error.message}
            <ErrorCode {...error} />
          </p>
        )}
      </div>
    </main>
  );
}
