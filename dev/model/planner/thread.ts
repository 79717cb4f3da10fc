import { awaitedStep, isRefusal } from './conversation';
import type { Step, Turn } from './conversation';
import { readOffer, readOutcome } from './tool-results';
import type { Offer } from './tool-results';

export const STAND_IN_LINE = 'Stand-in model: answers follow fixed rules; no language model was used.';

/** Ends every question asked in words; it is also how this planner, which remembers nothing, knows its question. */
export const ASKED = 'Your next message is taken as the answer. Write "never mind" to drop it.';
const QUESTION_END = `${ASKED}\n\n${STAND_IN_LINE}`;

/** One request of the person, over all turns it took: questions in between, late outcomes. */
export interface Thread {
  request: string;
  answers: string[];
  steps: Step[];
  /** Messages of the person before this request, newest first. */
  earlier: string[];
  /** Agents connected anywhere in the conversation, newest first. */
  offers: Offer[];
  /** The turn that is to be gone on with. */
  current: Turn;
}

export function readThread(turns: Turn[]): Thread | null {
  const current = turns.at(-1);
  if (current === undefined) return null;
  const chain = chainOf(turns, turns.length - 1);
  const own = chain.map((at) => turns[at]).filter((turn) => turn !== undefined);
  const [first] = own;
  const steps = own.flatMap((turn) => turn.steps).map((step) => ({ ...step }));
  const answers: string[] = [];
  own.forEach((turn, index) => {
    if (turn.outcome !== null) apply(turn, turns, steps);
    else if (index > 0) answers.push(turn.message);
    for (const step of turn.steps) {
      const answer = promptAnswer(steps.find(({ id }) => id === step.id) ?? step);
      if (answer !== null) answers.push(answer);
    }
  });
  return {
    request: first?.message ?? '',
    answers,
    steps,
    earlier: turns
      .slice(0, chain[0] ?? 0)
      .filter((turn) => turn.outcome === null)
      .map((turn) => turn.message)
      .reverse(),
    offers: offersOf(turns),
    current,
  };
}

/** The turns of one request, oldest first. */
function chainOf(turns: Turn[], at: number): number[] {
  const turn = turns[at];
  const before = turns[at - 1];
  if (turn === undefined) return [];
  if (turn.outcome !== null) {
    const awaited = awaitedStep(turns.slice(0, at), turn.outcome);
    return awaited === null ? [at] : [...chainOf(turns, awaited.turn), at];
  }
  return before !== undefined && asks(before) ? [...chainOf(turns, at - 1), at] : [at];
}

function asks(turn: Turn): boolean {
  const last = turn.steps.findLast(({ tool }) => tool !== 'send_orchestrator_message');
  // Only at the very end: text of an agent, wherever it stands in an answer, is not a question of ours.
  if (turn.said.at(-1)?.trimEnd().endsWith(QUESTION_END) === true) return true;
  return last?.tool === 'user_prompt' && last.result?.['status'] === 'pending';
}

function apply(turn: Turn, turns: Turn[], steps: Step[]): void {
  if (turn.outcome === null) return;
  const awaited = awaitedStep(turns.slice(0, turns.indexOf(turn)), turn.outcome);
  const step = steps.find(({ id }) => id === awaited?.step.id);
  if (step === undefined) return;
  step.result = { ...step.result, ...turn.outcome.result };
}

function promptAnswer(step: Step): string | null {
  const answer = step.tool === 'user_prompt' ? step.result?.['answer'] : undefined;
  return typeof answer === 'string' || typeof answer === 'number' ? String(answer) : null;
}

function offersOf(turns: Turn[]): Offer[] {
  const newest = new Map<string, Offer>();
  for (const step of turns.flatMap((turn) => turn.steps).reverse()) {
    const offer = step.tool === 'connect_agent' && !isRefusal(step) ? readOffer(step.result) : null;
    if (offer !== null && !newest.has(offer.agent_id)) newest.set(offer.agent_id, offer);
  }
  return [...newest.values()];
}

export const lastStep = (thread: Thread, tool: string): Step | undefined =>
  thread.steps.findLast((step) => step.tool === tool);

export const statusOf = (step: Step): string => readOutcome(step.result)?.status ?? '';
