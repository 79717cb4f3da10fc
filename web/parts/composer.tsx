import { useEffect, useLayoutEffect, useRef, useState } from 'react';
import { timeOfDay } from '../state/clock';
import type { Told } from '../state/told';
import { ErrorCode } from './error-code';
import { Icon } from './icons';

const LIMIT_BYTES = 16 * 1024;

interface ComposerProps {
  placeholder: string;
  /** words to begin with: an example, or what was refused; a new object fills the box again */
  fill: { text: string } | null;
  onSend: (content: string) => void;
  busy: boolean;
  /** when the newest message became a fact */
  savedAt: string | null;
  /** what is paid without asking; said before the first message */
  rule: string;
  sending: boolean;
  offline: boolean;
  error: Told | null;
  /** a turn works, and can be stopped */
  stop?: { stopping: boolean; onStop: () => void } | undefined;
  /** a question waits for an answer, which is not written here */
  asked?: boolean;
  /** stands above the box */
  notice?: React.ReactNode;
}

export function Composer(props: ComposerProps) {
  const { placeholder, fill, onSend, busy, error, stop, notice } = props;
  const [text, setText] = useState(fill?.text ?? '');
  const [tooLong, setTooLong] = useState<Told | null>(null);
  const box = useRef<HTMLTextAreaElement>(null);
  useLayoutEffect(() => {
    const area = box.current;
    if (area === null) return;
    // Where the browser does not size it to its content by itself.
    if (CSS.supports('field-sizing', 'content')) return;
    area.style.height = 'auto';
    area.style.height = `${area.scrollHeight}px`;
  }, [text]);
  useEffect(() => {
    if (fill === null) return;
    setText(fill.text);
    box.current?.focus();
  }, [fill]);

  const submit = (): void => {
    const bytes = new TextEncoder().encode(text).length;
    if (text.trim() === '' || busy) return;
    if (bytes > LIMIT_BYTES) {
      const message = `This is ${Math.ceil(bytes / 1024)} KB; a message holds 16 KB. Send it in parts.`;
      setTooLong({ message });
      return;
    }
    onSend(text);
    setText('');
    setTooLong(null);
  };
  const onKeyDown = (event: React.KeyboardEvent): void => {
    if (event.key !== 'Enter' || event.shiftKey || event.nativeEvent.isComposing) return;
    event.preventDefault();
    submit();
  };
  const wrong = tooLong ?? error;
  return (
    <div className="composer">
      <div>
        {notice}
        <form
          className="box"
          onSubmit={(event) => {
            event.preventDefault();
            submit();
          }}
        >
          <label className="sr" htmlFor="msg">
            Message
          </label>
          <textarea
            id="msg"
            ref={box}
            rows={1}
            value={text}
            placeholder={placeholder}
            aria-describedby="saved"
            onChange={(event) => setText(event.target.value)}
            onKeyDown={onKeyDown}
          />
          {stop !== undefined && <StopButton {...stop} />}
          <button className="btn primary icon-only" type="submit" aria-label="Send" aria-disabled={busy}>
            <Icon name="send" />
          </button>
        </form>
        <p className="saved" id="saved">
          {wrong === null ? (
            <Fate {...props} />
          ) : (
            <span className="t-bad">
              {wrong.message}
              <ErrorCode {...wrong} />
            </span>
          )}
          <span>
            <kbd>Enter</kbd> sends, <kbd>Shift Enter</kbd> new line
          </span>
        </p>
      </div>
    </div>
  );
}

function StopButton({ stopping, onStop }: { stopping: boolean; onStop: () => void }) {
  const word = stopping ? 'Stopping…' : 'Stop';
  return (
    <button
      className="btn sm line"
      type="button"
      aria-label={stopping ? word : 'Stop this turn'}
      aria-keyshortcuts="Control+. Meta+."
      aria-disabled={stopping}
      onClick={onStop}
    >
      <Icon name="stop" />
      <span className="word">{word}</span>
    </button>
  );
}

/** Where what was sent is now. */
function Fate({ savedAt, sending, offline, asked, rule }: ComposerProps) {
  if (sending && offline) return <span>Not sent yet. It goes out when the connection is back.</span>;
  if (sending) return <span>Sending…</span>;
  if (asked === true) return <span>A question above waits for your answer. This is for something else.</span>;
  if (savedAt === null) return <span>{rule}</span>;
  return (
    <span>
      <Icon name="check" />
      Saved at {timeOfDay(savedAt)}. You can close this page; the work goes on.
    </span>
  );
}
