import { randomUUID } from 'node:crypto';
import type { ModelAnswer } from '../../activities/orchestrator/answer-so-far';
import { acceptMessage } from '../../db/messages';
import { decidePayment } from '../../db/payments';
import type { Payment } from '../../db/payments';
import { asUser, SYSTEM } from '../../domain/principal';
import type { ToolName } from '../../domain/session';
import type { ToolRun, TurnProgress } from '../../domain/workflows';
import type { Stage } from './stage';
import { run } from './stage';

type Block = Record<string, unknown>;

export const text = (words: string): Block => ({ type: 'text', text: words });
export const toolUse = (name: string, input: Block): Block => ({
  type: 'tool_use',
  id: `toolu_${randomUUID()}`,
  name,
  input,
});
/** For toMatchObject: a text that has these words in it. */
export const containing = (words: string): unknown => expect.stringContaining(words);
/** One whole answer of the model. */
export const answer = (content: Block[], stopReason = 'tool_use'): ModelAnswer => ({
  content,
  stopReason,
  inputTokens: 100,
  outputTokens: 10,
  cacheReadTokens: 0,
  cacheWriteTokens: 0,
});
export const sends = (content: string): ModelAnswer =>
  answer([toolUse('send_orchestrator_message', { content })]);

export interface CallRow {
  id: string;
  name: string;
  state: string;
  result: Record<string, unknown> | null;
  is_error: boolean;
}

/** One chat, driven step by step: a person who writes, a model that says what it is told, tools that are run. */
export interface TestChat {
  sessionId: string;
  userId: string;
  say: (content: string) => Promise<void>;
  /** askModel, once; `answers` are what the model will say. */
  step: (answers?: ModelAnswer[], leaveWaits?: boolean) => Promise<TurnProgress>;
  /** The model proposes these tools side by side; their calls. */
  propose: (...wishes: [ToolName, Block][]) => Promise<string[]>;
  runTool: (callId: string) => Promise<ToolRun>;
  /** Proposes one tool, runs it, and reads its call. */
  use: (name: ToolName, input: Block) => Promise<CallRow>;
  call: (callId: string) => Promise<CallRow>;
  /** Connects to the agent and asks the person to pay it 0.05 USDC; the payment and the call that waits for it. */
  askToPay: (agentId: string, reason?: string) => Promise<{ paymentId: string; callId: string }>;
  decide: (paymentId: string, approved: boolean) => Promise<Payment>;
  /** The id of the newest payment of the chat. */
  lastPayment: () => Promise<string>;
  /** The id of the newest task of the chat. */
  lastTask: () => Promise<string>;
  rows: <R extends Record<string, unknown>>(sql: string, values?: unknown[]) => Promise<R[]>;
  frames: (type: string) => Promise<Record<string, unknown>[]>;
}

export function createTestChat(
  { t, model, activities }: Pick<Stage, 't' | 'model' | 'activities'>,
  { sessionId, userId }: { sessionId: string; userId: string },
): TestChat {
  const rows: TestChat['rows'] = (sql, values = []) =>
    t.db.withTx(SYSTEM, 'test', (tx) => tx.query(sql, values));
  const newest = async (table: 'payments' | 'tasks') => {
    const [row] = await rows<{ id: string }>(
      `select id from ${table} where session_id = $1 order by created_at desc limit 1`,
      [sessionId],
    );
    if (row === undefined) throw new Error(`no ${table}`);
    return row.id;
  };
  const byName = {
    vector_search: activities.searchAgents,
    connect_agent: activities.connectAgent,
    request_payment_confirmation: activities.requestPayment,
    invoke_agent: activities.hireAgent,
    user_prompt: activities.askPerson,
  };
  const chat: TestChat = {
    sessionId,
    userId,
    rows,
    say: async (content) => {
      await t.db.withTx(asUser(userId), 'test', (tx) =>
        acceptMessage(tx, { sessionId, clientId: randomUUID(), content }),
      );
    },
    step: (answers = [], leaveWaits = false) => {
      model.next.push(...answers);
      return run(activities.askModel, { sessionId, leaveWaits });
    },
    propose: async (...wishes) => {
      const progress = await chat.step([answer(wishes.map(([name, input]) => toolUse(name, input)))]);
      if (progress.kind !== 'tools') throw new Error(`the turn is ${progress.kind}`);
      return progress.calls.map(({ id }) => id);
    },
    runTool: async (callId) => {
      const { name } = await chat.call(callId);
      return run(byName[name as keyof typeof byName], { callId });
    },
    use: async (name, input) => {
      const [callId = ''] = await chat.propose([name, input]);
      await chat.runTool(callId);
      return chat.call(callId);
    },
    call: async (callId) => {
      const [row] = await rows<CallRow & Record<string, unknown>>(
        'select id, name, state, result, is_error from tool_calls where id = $1',
        [callId],
      );
      if (row === undefined) throw new Error(`no tool call ${callId}`);
      return row;
    },
    askToPay: async (agentId, reason = 'to read the text') => {
      await chat.use('connect_agent', { agent_id: agentId });
      const price = { agent_id: agentId, action: 'read', amount_usdc: '0.05', reason };
      const { id: callId } = await chat.use('request_payment_confirmation', price);
      return { paymentId: await chat.lastPayment(), callId };
    },
    decide: (paymentId, approved) =>
      t.db.withTx(asUser(userId), 'test', (tx) => decidePayment(tx, { sessionId, paymentId, approved })),
    lastPayment: () => newest('payments'),
    lastTask: () => newest('tasks'),
    frames: async (type) => {
      const found = await rows<{ data: Record<string, unknown> }>(
        'select data from session_events where session_id = $1 and type = $2 order by seq',
        [sessionId, type],
      );
      return found.map(({ data }) => data);
    },
  };
  return chat;
}
