import type {
  AskedPayment,
  Confirmation,
  Message,
  Payment,
  Question,
  Said,
  Step,
  Transcript,
  Turn,
} from './conversation';

/** A turn as it is drawn. */
export interface TurnView {
  /** steps, and words that were said between them */
  line: (Step | Message)[];
  /** what stands under the steps; null until its first token */
  answer: Message | null;
  /** steps that still wait for a person, though the turn has gone on or ended */
  waiting: Step[];
  /** those, and agents that still work */
  open: Step[];
  live: boolean;
  /** the orchestrator decides what to do next */
  thinking: boolean;
  /** since when, for `thinking` */
  thinkingSince: string;
}

export function viewOf(turn: Turn): TurnView {
  const lastStep = turn.parts.findLastIndex((part) => part.kind === 'step');
  const after = turn.parts.slice(lastStep + 1);
  const words = after.filter((part): part is Message => part.kind === 'message');
  const answer = words.at(-1) ?? null;
  const line = turn.parts.filter((part) => part !== answer);
  const open = turn.parts.filter((part): part is Step => part.kind === 'step' && isOpen(part));
  const live = turn.end === null;
  const streaming = answer !== null && !answer.whole;
  return {
    line,
    answer,
    waiting: open.filter(({ state }) => state === 'waiting'),
    open,
    live,
    thinking: live && open.length === 0 && !streaming,
    thinkingSince: turn.parts.at(-1)?.at ?? turn.since,
  };
}

export const isOpen = ({ state }: Step): boolean => state === 'now' || state === 'waiting';

const stepsOf = (turn: Turn): Step[] => turn.parts.filter((part): part is Step => part.kind === 'step');

/** What is paid by this turn, by agent. */
export function paidBy(turn: Turn, payments: Record<string, Payment>): Payment[] {
  return turn.paymentIds.flatMap((id) => {
    const payment = payments[id];
    return payment?.fate.kind === 'paid' ? [payment] : [];
  });
}

const NUMBERS = ['no', 'one', 'two', 'three', 'four', 'five'];

/** “4 steps in 9.2 s, one agent hired” */
export function summaryOf(turn: Turn): string {
  const steps = stepsOf(turn);
  const last = steps.at(-1);
  const took = last === undefined ? 0 : Date.parse(last.at) - Date.parse(turn.since);
  const hired = new Set(
    steps.flatMap(({ tool, state, agentId }) =>
      tool === 'invoke_agent' && state === 'done' ? [agentId] : [],
    ),
  ).size;
  const failed = steps.filter(({ state }) => state === 'failed').length;
  return [
    `${steps.length} ${steps.length === 1 ? 'step' : 'steps'} in ${durationText(took)}`,
    ...(hired > 0 ? [`${NUMBERS[hired] ?? hired} ${hired === 1 ? 'agent' : 'agents'} hired`] : []),
    ...(failed > 0 ? [`${NUMBERS[failed] ?? failed} failed`] : []),
  ].join(', ');
}

/** 0.2 s, 9.2 s, 1 min 12 s */
export function durationText(ms: number): string {
  const seconds = Math.max(0, ms) / 1000;
  if (seconds < 0.05) return 'under 0.1 s';
  if (seconds < 59.95) return `${seconds.toFixed(1)} s`;
  const whole = Math.round(seconds);
  return `${Math.floor(whole / 60)} min ${whole % 60} s`;
}

/** How long a step has taken: what is done by its frames, what goes on by the clock. */
export const stepMs = (step: Step, serverNow: number): number =>
  Math.max(0, (isOpen(step) ? serverNow : Date.parse(step.at)) - Date.parse(step.since));

/** The time of a turn, and how much of it was a wait for the person. */
export function turnTimes(turn: Turn, serverNow: number): { totalMs: number; waitedMs: number } {
  const until = turn.end === null ? serverNow : Date.parse(turn.end.at);
  const waitedMs = stepsOf(turn).reduce(
    (sum, { waitedMs: before, waitingSince }) =>
      sum + before + (waitingSince === null ? 0 : Math.max(0, until - Date.parse(waitingSince))),
    0,
  );
  return { totalMs: Math.max(0, until - Date.parse(turn.since)), waitedMs };
}

export const liveTurn = ({ items }: Transcript): Turn | null =>
  items.findLast((item): item is Turn => item.kind === 'turn' && item.end === null) ?? null;

/** The first message that waits for its turn. */
const firstWaiting = ({ items, closed }: Transcript): Said | undefined =>
  closed === null ? items.find((item): item is Said => item.kind === 'said' && !item.taken) : undefined;

/** The message whose turn comes now: none works. */
export const nextAnswered = (transcript: Transcript): Said | null =>
  liveTurn(transcript) === null ? (firstWaiting(transcript) ?? null) : null;

/** A message that no turn has taken up yet, though none works. */
export const isUnanswered = (transcript: Transcript): boolean => nextAnswered(transcript) !== null;

/** A turn works, or is about to: there is something to stop. */
export const isBusy = (transcript: Transcript): boolean =>
  transcript.closed === null && (liveTurn(transcript) !== null || isUnanswered(transcript));

/** Questions that wait for the person, oldest first. */
export const openQuestions = ({ questions }: Transcript): Question[] =>
  Object.values(questions).filter(({ fate }) => fate.kind === 'asked');

/** Something on the page goes by the clock: a turn, a wait, or an agent that works for a turn that has ended. */
export const isMoving = (transcript: Transcript): boolean =>
  isBusy(transcript) ||
  isAsking(transcript) ||
  transcript.items.some((item) => item.kind === 'turn' && stepsOf(item).some(isOpen));

/** Something waits for the person: a payment, a question or a risky task. */
export const isAsking = (transcript: Transcript): boolean =>
  transcript.closed === null &&
  (openPayments(transcript).length > 0 ||
    openQuestions(transcript).length > 0 ||
    openConfirmations(transcript).length > 0);

/** Risky tasks that wait for the person, oldest first. */
export const openConfirmations = ({ confirmations }: Transcript): Confirmation[] =>
  Object.values(confirmations).filter(({ outcome }) => outcome === null);

/** Payments that wait for the person, oldest first. */
export const openPayments = ({ payments, items }: Transcript): AskedPayment[] =>
  Object.values(payments)
    .filter(isAsked)
    .filter(({ id }) => !isDecided(items, id));

export const isAsked = (payment: Payment | undefined): payment is AskedPayment =>
  payment?.fate.kind === 'asked';

/** A decision is first seen by its step: it no longer waits, while the money is still on its way. */
const isDecided = (items: Transcript['items'], paymentId: string): boolean =>
  items.some(
    (item) =>
      item.kind === 'turn' && stepsOf(item).some((step) => step.paymentId === paymentId && !isOpen(step)),
  );
