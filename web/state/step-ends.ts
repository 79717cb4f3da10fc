import type { PaymentFate, QuestionFate, Step, Turn, TurnEnd } from './conversation';

// Ends that no STATUS tells: of a question, of what was taken back, and of what a turn was doing when it was stopped.

type Ended = { state: 'done' | 'failed'; text: string; at: string };

/** A step that is over; how long it had waited for the person is kept. */
function over(step: Step, { at, ...end }: Ended): Step {
  const waited = step.waitingSince === null ? 0 : Math.max(0, Date.parse(at) - Date.parse(step.waitingSince));
  return { ...step, ...end, at, waitingSince: null, waitedMs: step.waitedMs + waited };
}

function withSteps(turn: Turn, change: (step: Step) => Step): Turn {
  return { ...turn, parts: turn.parts.map((part) => (part.kind === 'step' ? change(part) : part)) };
}

const QUESTION_ENDS = {
  answered: 'You answered',
  expired: 'The question ended without an answer',
  withdrawn: 'The question was taken back',
} as const;

export function resolved(
  turn: Turn,
  { callId, fate, at }: { callId: string; fate: Exclude<QuestionFate, { kind: 'asked' }>; at: string },
): Turn {
  const end: Ended = { state: 'done', text: QUESTION_ENDS[fate.kind], at };
  return withSteps(turn, (step) => (step.callId === callId ? over(step, end) : step));
}

const TAKEN_BACK = new Set(['turn_cancelled', 'session_closed']);

/** A request that nobody had answered when its turn was stopped or its chat closed. */
export function takenBack(turn: Turn, paymentId: string, fate: PaymentFate & { kind: 'ended' }): Turn {
  const { reason, at } = fate;
  if (reason === null || !TAKEN_BACK.has(reason)) return turn;
  const end: Ended = { state: 'done', text: 'The request was taken back; nothing was paid', at };
  return withSteps(turn, (step) =>
    step.paymentId === paymentId && step.state === 'waiting' ? over(step, end) : step,
  );
}

/** What comes next says that the answer before it is recorded: words that are no message by then were no answer. */
export const loggedParts = ({ parts }: Turn): Turn['parts'] =>
  parts.filter((part) => part.kind === 'step' || part.whole);

/** What had begun when the person stopped the turn does not go on, but for a task that an agent works at. */
export function endedAs(turn: Turn, end: TurnEnd): Turn {
  const ended = { ...turn, parts: loggedParts(turn), end };
  if (end.outcome !== 'cancelled') return ended;
  return withSteps(ended, (step) =>
    step.state === 'now' && step.taskId === null
      ? over(step, { state: 'done', text: `${step.text}: stopped`, at: end.at })
      : step,
  );
}
