import type { z } from 'zod';
import { savepoint } from '../../db/database';
import type { Database, Tx } from '../../db/database';
import { appendFrames } from '../../db/events';
import { lockSession } from '../../db/sessions';
import { answerToolCall, awaitOutcome, dropProposedCalls, getToolCall } from '../../db/tool-calls';
import type { ToolCall, ToolResult } from '../../db/tool-calls';
import { sayStatus } from '../../db/tool-status';
import { turnWorks } from '../../db/turns';
import { MooringError } from '../../domain/errors';
import type { ErrorCode } from '../../domain/errors';
import type { StatusData } from '../../domain/frames';
import { SYSTEM } from '../../domain/principal';
import type { ToolName } from '../../domain/session';
import type { ChatActivities, ToolRun } from '../../domain/workflows';
import { adoptOrigin } from '../../lib/telemetry';
import { activity } from '../activity';
import { chatError, isAgentFault } from '../chat-error';
import { TOOL_INPUTS } from '../orchestrator/tools';

type Input<N extends ToolName> = z.infer<(typeof TOOL_INPUTS)[N]>;

/** What a tool came to: an answer for the model, or a wait for a person or a task. */
export type ToolOutcome =
  | { kind: 'answer'; result: ToolResult; text: string; about?: Partial<StatusData>; fault?: ErrorCode }
  | { kind: 'wait'; text: string; about?: Partial<StatusData>; state: 'now' | 'waiting' };

interface Tool<N extends ToolName> {
  name: N;
  activity: keyof ChatActivities;
  /** said while it works */
  working: (input: Input<N>) => string;
  /** asks the world; no transaction is open */
  look: (call: ToolCall, input: Input<N>, signal: AbortSignal) => Promise<(tx: Tx) => Promise<ToolOutcome>>;
}

/**
 * An activity that runs one proposed tool call: says what it does, asks the world, then records the outcome with its
 * frame in one transaction. A rule that is broken goes back to the model as the reason. Run again, it changes nothing.
 */
export function createTool<N extends ToolName>(deps: { db: Database; waitMs: number }, tool: Tool<N>) {
  const { db } = deps;
  return activity(tool.activity, async ({ callId }: { callId: string }, signal): Promise<ToolRun> => {
    const { call, input } = await db.withTx(SYSTEM, 'tool.open', async (tx) => {
      const { sessionId, origin } = await getToolCall(tx, callId);
      adoptOrigin(origin);
      await lockSession(tx, sessionId);
      await dropIfStopped(tx, callId);
      const proposed = await getToolCall(tx, callId);
      // Answered meanwhile; of an erased chat there is no input any more.
      if (proposed.state !== 'proposed') return { call: proposed, input: null };
      const wish = TOOL_INPUTS[tool.name].parse(proposed.input) as Input<N>;
      await sayStatus(tx, proposed, { state: 'now', text: tool.working(wish) });
      return { call: proposed, input: wish };
    });
    if (input === null) return { waitsUntil: call.state === 'waiting' ? call.waitUntil : null };
    const conclude = await tool.look(call, input, signal).catch(refuse);
    const run = await db.withTx(SYSTEM, 'tool.settle', (tx) =>
      settle(tx, call, { conclude, waitMs: deps.waitMs }),
    );
    return run;
  });
}

async function settle(
  tx: Tx,
  call: ToolCall,
  { conclude, waitMs }: { conclude: (tx: Tx) => Promise<ToolOutcome>; waitMs: number },
): Promise<ToolRun> {
  await lockSession(tx, call.sessionId);
  await dropIfStopped(tx, call.id);
  const fresh = await getToolCall(tx, call.id);
  if (fresh.state !== 'proposed') return { waitsUntil: fresh.waitUntil };
  const outcome = await savepoint(tx, () => conclude(tx)).catch((error: unknown) => refuse(error)());
  if (outcome.kind === 'wait') {
    await sayStatus(tx, call, { state: outcome.state, text: outcome.text, ...outcome.about });
    await awaitOutcome(tx, call.id, waitMs);
    return { waitsUntil: (await getToolCall(tx, call.id)).waitUntil };
  }
  const isError = 'error' in outcome.result;
  await sayStatus(tx, call, { state: isError ? 'failed' : 'done', text: outcome.text, ...outcome.about });
  if (outcome.fault !== undefined && isAgentFault(outcome.fault)) {
    const error = chatError({ code: outcome.fault, message: outcome.text, turnId: call.turnId });
    await appendFrames(tx, { id: call.sessionId, userId: call.userId }, [error]);
  }
  await answerToolCall(tx, call.id, { result: outcome.result, isError });
  return { waitsUntil: null };
}

/** In a turn that was cancelled, or has ended, no tool starts and none has an effect. */
async function dropIfStopped(tx: Tx, callId: string): Promise<void> {
  const { turnId } = await getToolCall(tx, callId);
  if (!(await turnWorks(tx, turnId))) await dropProposedCalls(tx, turnId);
}

/** A broken rule is an answer for the model; anything else is a fault, and is thrown on. */
function refuse(error: unknown): () => Promise<ToolOutcome> {
  if (!(error instanceof MooringError) || error.code === 'unavailable') throw error;
  const { code, message, details } = error;
  return () =>
    Promise.resolve({
      kind: 'answer',
      result: { status: 'refused', error: { code, message, ...(details === undefined ? {} : { details }) } },
      text: message,
      fault: code,
    });
}
