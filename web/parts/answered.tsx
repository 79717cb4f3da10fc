import { countWords } from '../state/pasted';
import type { Question } from '../state/conversation';

const SHORT_CHARS = 120;

/** A question that has ended, as one row of the line: what was asked, and what was answered. */
export function Answered({ question, text }: { question: Question; text: string }) {
  const { prompt, fate } = question;
  if (fate.kind !== 'answered') {
    return (
      <>
        <bdi>{prompt.question}</bdi> {text}.
      </>
    );
  }
  return (
    <>
      <bdi>{prompt.question}</bdi> <Given answer={fate.answer} />
    </>
  );
}

function Given({ answer }: { answer: string }) {
  if (answer.length <= SHORT_CHARS && !answer.includes('\n')) {
    return (
      <>
        You answered{' '}
        <b>
          <bdi>{answer}</bdi>
        </b>
      </>
    );
  }
  return (
    <details className="given">
      <summary>You answered, {countWords(answer)} words</summary>
      <bdi>{answer}</bdi>
    </details>
  );
}
