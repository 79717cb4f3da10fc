import {
  ActivityCancellationType,
  ActivityFailure,
  ApplicationFailure,
  CancellationScope,
  condition,
  continueAsNew,
  defineSignal,
  proxyActivities,
  setCurrentDetails,
  setHandler,
} from '@temporalio/workflow';
import type {
  ChatActivities,
  ChatSessionInput,
  FailedTurn,
  ToolRun,
  TurnProgress,
  Wake,
} from '../domain/workflows';
import { isLong } from './history';
import { setPhase } from './phase';
import { millisUntil } from './time';

export const messageArrived = defineSignal<[Wake]>('messageArrived');
export const outcomeArrived = defineSignal<[Wake]>('outcomeArrived');
export const endArrived = defineSignal<[Wake]>('endArrived');

// A model step beats every half second; two silent seconds mean that its process is gone.
const { askModel } = proxyActivities<ChatActivities>({
  summary: 'Claims a message, or takes the model’s next step',
  startToCloseTimeout: '5 minutes',
  // Faults of ours (a crash, a database that is away) are tried again for so long; how often the model is asked again
  // is the activity's to say.
  scheduleToCloseTimeout: '10 minutes',
  heartbeatTimeout: '2 seconds',
  retry: { initialInterval: '100ms', backoffCoefficient: 2, maximumInterval: '5 seconds' },
  // An attempt that is under way records what was said before it ends.
  cancellationType: ActivityCancellationType.WAIT_CANCELLATION_COMPLETED,
});
const tools = proxyActivities<ChatActivities>({
  startToCloseTimeout: '1 minute',
  scheduleToCloseTimeout: '3 minutes',
  heartbeatTimeout: '2 seconds',
  retry: { initialInterval: '100ms', backoffCoefficient: 2, maximumInterval: '5 seconds' },
});
// What records an end is tried until it is recorded.
const { failToolCall, failTurn, closeIdleSession, expirePrompts } = proxyActivities<ChatActivities>({
  startToCloseTimeout: '10 seconds',
  heartbeatTimeout: '2 seconds',
  retry: { initialInterval: '100ms', backoffCoefficient: 2, maximumInterval: '10 seconds' },
});

const RUN = {
  vector_search: tools.searchAgents,
  connect_agent: tools.connectAgent,
  request_payment_confirmation: tools.requestPayment,
  invoke_agent: tools.hireAgent,
  user_prompt: tools.askPerson,
} as const;

/**
 * One chat, from its first message to its close. It waits for a message, lets the model take steps and runs the
 * tools it proposes until the turn ends, then waits again. What was said stands in PostgreSQL; here are only
 * versions. It ends when the session is closed, which an idle one is after its time.
 */
export async function chatSession({ sessionId, userId, newest = 0 }: ChatSessionInput): Promise<void> {
  const hear = ({ version }: Wake): void => {
    newest = Math.max(newest, version);
  };
  setHandler(messageArrived, hear, { description: 'A person has written.' });
  setHandler(outcomeArrived, hear, { description: 'What a turn waited for has come.' });
  let asking: CancellationScope | null = null;
  // The step looks at its row at once, also where it waits for its next try.
  const end = (wake: Wake): void => {
    hear(wake);
    asking?.cancel();
  };
  setHandler(endArrived, end, { description: 'A turn is cancelled, or the chat is closed.' });

  const begin = (scope: CancellationScope): void => {
    asking = scope;
  };

  let leaveWaits = false;
  let last = '';
  const told = (turn: FailedTurn, outcome: string): void => {
    last = ` Turn ${turn.turn} ended: ${outcome}${requestOf(turn)}.`;
  };
  for (;;) {
    setCurrentDetails(`Takes the next step.${last}`);
    const progress = await nextStep({ sessionId, leaveWaits }, begin, told);
    leaveWaits = false;
    switch (progress.kind) {
      case 'closed':
        setCurrentDetails('Closed.');
        setPhase('closed');
        return;
      case 'idle': {
        if (isLong()) await continueAsNew<typeof chatSession>({ sessionId, userId, newest });
        const { closesAt, questionEndsAt } = progress;
        const asks = questionEndsAt === undefined ? '' : ` A question is open until ${questionEndsAt}.`;
        setCurrentDetails(`Waits for a message; closes at ${closesAt} without one.${asks}${last}`);
        const heard = await condition(() => newest > progress.seen, millisUntil(questionEndsAt ?? closesAt));
        if (heard) break;
        const asOf = new Date(Date.now()).toISOString();
        if (questionEndsAt === undefined) await closeIdleSession({ sessionId, asOf });
        else await expirePrompts({ sessionId, asOf });
        break;
      }
      case 'tools': {
        const until = await runTools(progress);
        if (until !== null) leaveWaits = !(await condition(() => newest > progress.seen, millisUntil(until)));
        break;
      }
      case 'waiting':
        setCurrentDetails(
          `Turn ${progress.turn} waits for a person or a task until ${progress.until}${requestOf(progress)}.`,
        );
        leaveWaits = !(await condition(() => newest > progress.seen, millisUntil(progress.until)));
        break;
      case 'ended':
        told(progress, progress.outcome);
        if (isLong()) await continueAsNew<typeof chatSession>({ sessionId, userId, newest });
        break;
    }
  }
}

/** What the rows say comes next. A step that was called off is asked for again: its row says by now what has ended. */
async function nextStep(
  input: { sessionId: string; leaveWaits: boolean },
  begin: (scope: CancellationScope) => void,
  told: (turn: FailedTurn, outcome: string) => void,
): Promise<TurnProgress> {
  for (;;) {
    const scope = new CancellationScope();
    begin(scope);
    try {
      return await scope.run(() => askModel(input));
    } catch (error) {
      const isRunCancelled = CancellationScope.current().consideredCancelled;
      if (scope.consideredCancelled && !isRunCancelled) continue;
      const code = failureCode(error);
      const turn = await failTurn({ sessionId: input.sessionId, code });
      // Recorded runs of earlier versions have no answer here.
      if (turn) told(turn, `failed, ${code}`);
    }
  }
}

/** How an operator comes from a person's complaint to here. */
const requestOf = ({ request }: { request?: string }): string =>
  request === undefined ? '' : `, request ${request}`;

/** Runs a step's tools side by side. The earliest time at which one of them has waited long enough, or null. */
async function runTools(progress: Extract<TurnProgress, { kind: 'tools' }>): Promise<string | null> {
  const { turn, step, calls } = progress;
  setCurrentDetails(
    `Turn ${turn}, step ${step}: ${calls.map(({ name }) => name).join(', ')}${requestOf(progress)}.`,
  );
  const runs = await Promise.all(
    calls.map(async ({ id, name }): Promise<ToolRun> => {
      // Those end the turn, and are done when the step is recorded.
      if (name === 'send_orchestrator_message' || name === 'close_session') return { waitsUntil: null };
      try {
        const summary = `Turn ${turn}, step ${step}: ${name}${requestOf(progress)}`;
        return await RUN[name].executeWithOptions({ summary }, [{ callId: id }]);
      } catch (error) {
        await failToolCall({ callId: id, code: failureCode(error) });
        return { waitsUntil: null };
      }
    }),
  );
  const untils = runs.flatMap(({ waitsUntil }) => (waitsUntil === null ? [] : [waitsUntil]));
  // A tool that was answered at once is no reason to go on while another waits: the model needs all results.
  return untils.sort()[0] ?? null;
}

/** The stable code of a failed activity; anything unexpected is internal. */
function failureCode(error: unknown): string {
  if (!(error instanceof ActivityFailure)) throw error;
  return error.cause instanceof ApplicationFailure
    ? (error.cause.type ?? 'internal_error')
    : 'internal_error';
}
