import { followLink } from '../router';
import { elapsed, timeOfDay } from '../state/clock';
import { durationText, isAsked, isOpen, stepMs } from '../state/turn-view';
import type { Told } from '../state/told';
import type { Answers } from '../session/chat-store';
import type { AskedPayment, Message, Step, Transcript } from '../state/conversation';
import { Answered } from './answered';
import { ConfirmationCard } from './confirmation-card';
import { PaymentCard } from './payment-card';
import { Prose } from './prose';
import { QuestionCard } from './question-card';

export interface Deciding {
  payments: Transcript['payments'];
  questions: Transcript['questions'];
  confirmations: Transcript['confirmations'];
  decisions: Record<string, { approved: boolean; error: Told | null }>;
  answers: Answers;
  /** what the person approved beforehand, a payment */
  autoApprove: string | null;
  serverNow: number;
  onDecide: (paymentId: string, approved: boolean) => void;
  onAnswer: (promptId: string, answer: string) => void;
  onConfirm: (confirmationId: string, approved: boolean) => void;
  /** Says the same words again; null where nothing more can be said. */
  onAgain: ((content: string) => void) | null;
}

const MARKS = { now: 'now', waiting: 'wait', done: '', failed: 'bad' } as const;

/** One row of the line: a step, or what was said between steps. */
export function Row({ part, deciding }: { part: Step | Message; deciding: Deciding }) {
  if (part.kind === 'message') {
    return (
      <li className="word">
        <Prose text={part.text} />
      </li>
    );
  }
  const payment = part.paymentId === null ? undefined : deciding.payments[part.paymentId];
  const question = deciding.questions[part.callId];
  const confirmation = deciding.confirmations[part.callId];
  const asked = part.state === 'waiting' && isAsked(payment) ? payment : undefined;
  return (
    <li className={MARKS[part.state]} tabIndex={-1} data-call={part.callId}>
      <div className="step">
        <span>
          {question !== undefined && part.state !== 'waiting' ? (
            <Answered question={question} text={part.text} />
          ) : (
            <StepText step={part} />
          )}
          {isOpen(part) && <NextTry at={part.nextAttemptAt} serverNow={deciding.serverNow} />}
          {part.taskId !== null && (
            <a className="to-task" href={`/tasks/${part.taskId}`} onClick={followLink}>
              Details<span className="sr"> of the task</span>
            </a>
          )}
        </span>
        <span className="t">
          {isOpen(part) ? elapsed(stepMs(part, deciding.serverNow)) : durationText(stepMs(part, 0))}
        </span>
      </div>
      {question?.fate.kind === 'asked' && part.state === 'waiting' && (
        <QuestionCard
          question={question}
          serverNow={deciding.serverNow}
          given={deciding.answers[question.prompt.prompt_id]}
          onAnswer={(answer) => deciding.onAnswer(question.prompt.prompt_id, answer)}
        />
      )}
      {confirmation?.outcome === null && (
        <ConfirmationCard
          confirmation={confirmation}
          serverNow={deciding.serverNow}
          decision={deciding.decisions[confirmation.request.confirmation_id]}
          onDecide={(approved) => deciding.onConfirm(confirmation.request.confirmation_id, approved)}
        />
      )}
      {asked !== undefined && <Asking payment={asked} deciding={deciding} />}
      {asked === undefined && payment !== undefined && <TooLate decision={deciding.decisions[payment.id]} />}
    </li>
  );
}

/** When an agent that could not answer is asked again. */
function NextTry({ at, serverNow }: { at: string | null; serverNow: number }) {
  if (at === null || Date.parse(at) <= serverNow) return null;
  return <span> at {timeOfDay(at)}</span>;
}

/** A decision that another one came before: it is said where the first one stands. */
function TooLate({ decision }: { decision: Deciding['decisions'][string] | undefined }) {
  if (decision === undefined || decision.error === null) return null;
  const answer = decision.approved ? 'approval' : 'decline';
  return <p className="hint">Your {answer} came too late: this had been decided elsewhere, and stands.</p>;
}

export function Asking({ payment, deciding }: { payment: AskedPayment; deciding: Deciding }) {
  const { id } = payment;
  return (
    <PaymentCard
      asked={payment.fate}
      autoApprove={deciding.autoApprove}
      serverNow={deciding.serverNow}
      decision={deciding.decisions[id]}
      onDecide={(approved) => deciding.onDecide(id, approved)}
    />
  );
}

const WAITS = 'Waiting for you';
const isWait = (text: string): boolean => text === WAITS || text.startsWith(`${WAITS} `);

/** The live step is bold; in the others the agent's name and the amount stand out. */
function StepText({ step }: { step: Step }) {
  const { text, agentName, state } = step;
  if (state === 'waiting' && isWait(text)) {
    return (
      <>
        <b>{WAITS}</b>
        {text.slice(WAITS.length)}
      </>
    );
  }
  if (state === 'now' || state === 'waiting') {
    return (
      <b>
        <bdi>{text}</bdi>
      </b>
    );
  }
  const place = agentName === null ? -1 : text.indexOf(agentName);
  if (agentName === null || place === -1) return <bdi>{text}</bdi>;
  return (
    <bdi>
      {text.slice(0, place)}
      <b>{agentName}</b>
      {text.slice(place + agentName.length)}
    </bdi>
  );
}

/** What the orchestrator does between steps, and what is to come. */
export function Between({ text, since, serverNow }: { text: string; since: string; serverNow: number }) {
  return (
    <li className="now">
      <div className="step">
        <span>
          <b>{text}</b>
        </span>
        <span className="t">{elapsed(serverNow - Date.parse(since))}</span>
      </div>
    </li>
  );
}

export function ToCome({ waiting }: { waiting: Step | undefined }) {
  const agent = waiting?.agentName ?? null;
  return (
    <li className="todo">
      <div className="step">
        <span>{agent === null ? 'Then I answer' : <bdi>{`${agent} works, then I answer`}</bdi>}</span>
      </div>
    </li>
  );
}
