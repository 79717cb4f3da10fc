import { useId, useState } from 'react';
import { hourMinute } from '../state/clock';
import type { Told } from '../state/told';
import type { Question } from '../state/conversation';
import { Countdown } from './countdown';
import { ErrorCode } from './error-code';
import { Icon } from './icons';

interface QuestionCardProps {
  question: Question;
  serverNow: number;
  given: { answer: string; error: Told | null } | undefined;
  onAnswer: (answer: string) => void;
}

/** The question, answers to choose from, a place for other words, and what follows from no answer. */
export function QuestionCard({ question, serverNow, given, onAnswer }: QuestionCardProps) {
  const title = useId();
  const { prompt, askedAt } = question;
  const leftMs = Date.parse(prompt.expires_at) - serverNow;
  const wholeMs = Date.parse(prompt.expires_at) - Date.parse(askedAt);
  const sent = given !== undefined && given.error === null;
  const options = prompt.options ?? [];
  const give = (answer: string): void => {
    if (!sent) onAnswer(answer);
  };
  return (
    <section className="card ask question mt-3" aria-labelledby={title}>
      <header>
        <h2 id={title}>
          <bdi>{prompt.question}</bdi>
        </h2>
        <Countdown leftMs={leftMs} wholeMs={wholeMs} />
      </header>
      {leftMs > 0 ? (
        <>
          {options.length > 0 && (
            <div className="acts">
              {options.map((option) => (
                <button
                  key={option}
                  className="btn"
                  type="button"
                  aria-disabled={sent}
                  onClick={() => give(option)}
                >
                  <bdi>{sent && given.answer === option ? 'Sending…' : option}</bdi>
                </button>
              ))}
            </div>
          )}
          <OwnWords offered={options.length > 0} sent={sent} onAnswer={give} />
          <p className="small quiet else">
            Without an answer by {hourMinute(prompt.expires_at)} I go on without it and say so.
          </p>
        </>
      ) : (
        <p className="small quiet else">
          The time is over. I go on without an answer unless yours was first.
        </p>
      )}
      {given?.error != null && (
        <p className="err" role="alert">
          {given.error.message}
          <ErrorCode {...given.error} />
        </p>
      )}
    </section>
  );
}

interface OwnWordsProps {
  offered: boolean;
  sent: boolean;
  onAnswer: (answer: string) => void;
}

function OwnWords({ offered, sent, onAnswer }: OwnWordsProps) {
  const [text, setText] = useState('');
  const submit = (): void => {
    if (text.trim() !== '') onAnswer(text);
  };
  return (
    <form
      className="own"
      onSubmit={(event) => {
        event.preventDefault();
        submit();
      }}
    >
      <textarea
        rows={1}
        value={text}
        aria-label={offered ? 'Other answer' : 'Your answer'}
        placeholder={offered ? 'Or in your own words' : 'Your answer'}
        readOnly={sent}
        onChange={({ target }) => setText(target.value)}
        onKeyDown={(event) => {
          if (event.key !== 'Enter' || event.shiftKey || event.nativeEvent.isComposing) return;
          event.preventDefault();
          submit();
        }}
      />
      <button className="btn icon-only" type="submit" aria-label="Answer" aria-disabled={sent}>
        <Icon name="send" />
      </button>
    </form>
  );
}
