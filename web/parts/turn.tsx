import { memo } from 'react';
import { hourMinute } from '../state/clock';
import { isAsked, summaryOf, viewOf } from '../state/turn-view';
import type { TurnView } from '../state/turn-view';
import type { AskedPayment, Message, Turn } from '../state/conversation';
import { ErrorCode } from './error-code';
import { Icon } from './icons';
import { Pictures } from './pictures';
import { Prose } from './prose';
import { Asking, Between, Row, ToCome } from './steps';
import type { Deciding } from './steps';
import { TurnFoot } from './turn-foot';

/** One turn on its line: steps, then the answer they fold into, then what it cost. */
export const TurnPart = memo(
  function TurnPart({ turn, deciding }: { turn: Turn; deciding: Deciding }) {
    const view = viewOf(turn);
    if (view.answer === null && turn.end === null)
      return <Working turn={turn} view={view} deciding={deciding} />;
    return <Answered turn={turn} view={view} deciding={deciding} />;
  },
  // The clock moves only what is still open.
  (before, after) => before.turn === after.turn && isStill(after) && isSameDesk(before, after),
);

const isStill = ({ turn }: { turn: Turn }): boolean => {
  const { live, open } = viewOf(turn);
  return !live && open.length === 0;
};
const isSameDesk = (before: { deciding: Deciding }, after: { deciding: Deciding }): boolean =>
  before.deciding.payments === after.deciding.payments && before.deciding.onAgain === after.deciding.onAgain;

interface PartProps {
  turn: Turn;
  view: TurnView;
  deciding: Deciding;
}

function Working({ turn, view, deciding }: PartProps) {
  return (
    <article className="turn live" aria-label="Answer in progress">
      <ol className="line">
        {view.line.map((part) => (
          <Row key={part.kind === 'step' ? part.callId : part.id} part={part} deciding={deciding} />
        ))}
        {looseAsks(turn, deciding).map((payment) => (
          <li className="wait" key={payment.id}>
            <div className="step">
              <b>Waiting for you</b>
            </div>
            <Asking payment={payment} deciding={deciding} />
          </li>
        ))}
        {view.thinking ? (
          <Between text={thought(turn, view)} since={view.thinkingSince} serverNow={deciding.serverNow} />
        ) : (
          <ToCome waiting={view.waiting[0]} />
        )}
      </ol>
      <Pictures pictures={turn.pictures} />
    </article>
  );
}

function thought({ asked }: Turn, { line }: TurnView): string {
  if (line.length > 0) return 'Deciding what comes next';
  return asked === null ? 'Reading what has come' : 'Reading your message';
}

/** Open payments that no step speaks of: they can be answered all the same. */
function looseAsks(turn: Turn, { payments }: Deciding): AskedPayment[] {
  const told = turn.parts.flatMap((part) => (part.kind === 'step' ? [part.paymentId] : []));
  return turn.paymentIds.flatMap((id) => {
    const payment = payments[id];
    return isAsked(payment) && !told.includes(id) && turn.end === null ? [payment] : [];
  });
}

function Answered({ turn, view, deciding }: PartProps) {
  const { answer, open } = view;
  // A step that failed, still waits or goes on, stays visible below, where the others fold.
  const line = view.line.filter((part) => part.kind === 'message' || part.state === 'done');
  const at = answer?.at ?? turn.end?.at ?? turn.since;
  return (
    <article className="turn" aria-label={`Answer, ${hourMinute(at)}`}>
      <span className="knot first" />
      {line.length > 0 && (
        <details className="fold">
          <summary>
            {summaryOf(turn)} <Icon name="chev" />
          </summary>
          <ol className="line">
            {line.map((part) => (
              <Row
                key={part.kind === 'step' ? part.callId : part.id}
                part={part}
                deciding={{ ...deciding, payments: {} }}
              />
            ))}
          </ol>
        </details>
      )}
      <FailedSteps turn={turn} deciding={deciding} />
      <Pictures pictures={turn.pictures} />
      {answer !== null && <Words message={answer} />}
      {turn.end?.text != null && <EndWords turn={turn} />}
      {open.length > 0 && (
        <ol className="line mt-3">
          {open.map((step) => (
            <Row key={step.callId} part={step} deciding={deciding} />
          ))}
        </ol>
      )}
      <TurnFoot turn={turn} answer={answer} deciding={deciding} />
      <span className={turn.end === null ? 'knot last todo' : 'knot last'} />
    </article>
  );
}

function FailedSteps({ turn, deciding }: { turn: Turn; deciding: Deciding }) {
  const failed = turn.parts.filter((part) => part.kind === 'step' && part.state === 'failed');
  if (failed.length === 0) return null;
  return (
    <ol className="line failed">
      {failed.map(
        (part) => part.kind === 'step' && <Row key={part.callId} part={part} deciding={deciding} />,
      )}
    </ol>
  );
}

/** What an attempt that was given up had said stays, faint, until the new text is as long. */
function Words({ message }: { message: Message }) {
  const stale = message.stale.length > message.text.length;
  return (
    <div className={stale ? 'stale' : message.whole ? 'words' : 'words growing'}>
      <Prose text={stale ? message.stale : message.text} />
    </div>
  );
}

/** What the platform says when the turn ends without the orchestrator's own words. */
function EndWords({ turn }: { turn: Turn }) {
  return (
    <p className={turn.end?.outcome === 'failed' ? 'notice bad mt-3' : 'notice mt-3'}>
      <Icon name="alert" />
      <span>
        {turn.end?.text}
        {turn.failure !== null && <ErrorCode {...turn.failure} />}
      </span>
    </p>
  );
}
