import { useCallback, useEffect, useLayoutEffect, useRef, useState } from 'react';
import type { About } from '../sdk/api-types';
import { ApiError } from '../sdk/errors';
import { ErrorCode } from './parts/error-code';
import { Icon } from './parts/icons';
import { Loading } from './parts/loading';
import { Shell } from './parts/shell';
import type { PageProps } from './page-props';
import { client } from './session/client';
import { localiseTimes } from './session/local-times';
import { toldOf } from './state/told';
import type { Told } from './state/told';

interface ApprovalPageProps extends PageProps {
  id: string;
  about: About | null;
  onSignedOut: () => void;
}

/** The question whether a risky task may run, for the person who is signed in: the page that the mail's link opens. */
export function ApprovalPage({ id, onSignedOut, about: _, ...sideProps }: ApprovalPageProps) {
  const [html, setHtml] = useState<string | null>(null);
  const [error, setError] = useState<Told | null>(null);
  const { refreshSide } = sideProps;
  const ask = useCallback(
    async (form?: Record<string, string>): Promise<void> => {
      try {
        const page = await client.approvalPage(id, form);
        setHtml(page.html);
        setError(null);
        refreshSide();
      } catch (thrown) {
        if (thrown instanceof ApiError && thrown.code === 'auth_failed') onSignedOut();
        setError(toldOf(thrown));
      }
    },
    [id, refreshSide, onSignedOut],
  );
  useEffect(() => {
    document.title = 'An approval · Mooring';
    void ask();
  }, [ask]);
  return (
    <Shell
      {...sideProps}
      open={null}
      title="An approval"
      sheet={null}
      skip={{ to: '#decision', words: 'Skip to the decision' }}
    >
      {() => (
        <main className="main approve" id="main">
          {error !== null && (
            <p className="notice bad apart" role="alert">
              <Icon name="alert" />
              <span>
                <b>{error.message}</b> If you had decided, it is not known whether that was heard: the first
                decision counts, and deciding again is safe.
                <ErrorCode {...error} />{' '}
                <button className="as-link" type="button" onClick={() => void ask()}>
                  Load again
                </button>
              </span>
            </p>
          )}
          {html === null && error === null && (
            <div className="apart">
              <Loading what="the question" late="This question has not come yet." />
            </div>
          )}
          {html !== null && <Written html={html} onPress={ask} />}
        </main>
      )}
    </Shell>
  );
}

interface WrittenProps {
  html: string;
  onPress: (form: Record<string, string>) => Promise<void>;
}

/** What the server has written, with its one form. A document that is parsed so runs nothing. */
function Written({ html, onPress }: WrittenProps) {
  const place = useRef<HTMLDivElement>(null);
  const pressed = useRef('');
  useLayoutEffect(() => {
    const written = new DOMParser().parseFromString(html, 'text/html').querySelector('main');
    if (place.current === null || written === null) return;
    place.current.replaceChildren(...written.children);
    localiseTimes(place.current);
    if (pressed.current !== '') focusAfter(place.current, pressed.current);
  }, [html]);
  const press = (event: React.FormEvent<HTMLDivElement>): void => {
    event.preventDefault();
    const { submitter } = event.nativeEvent as SubmitEvent;
    if (!(event.target instanceof HTMLFormElement) || !(submitter instanceof HTMLButtonElement)) return;
    const data = new FormData(event.target, submitter);
    pressed.current = submitter.value;
    const words = submitter.textContent;
    submitter.textContent = 'Sending…';
    const fields = [...data].map(([name, value]): [string, string] => [
      name,
      typeof value === 'string' ? value : '',
    ]);
    void onPress(Object.fromEntries(fields)).finally(() => {
      submitter.textContent = words;
    });
  };
  return <div className="decide" ref={place} onSubmit={press} />;
}

/** To what a decision came to; else to where the person goes on. */
function focusAfter(place: HTMLElement, pressed: string): void {
  const next = pressed === 'review' ? 'note' : 'code';
  const node =
    place.querySelector<HTMLElement>('.outcome h2') ?? place.querySelector<HTMLElement>(`#${next}`);
  node?.focus();
}
