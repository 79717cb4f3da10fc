import { MooringError } from '../domain/errors';
import type { LogFrame } from '../domain/frames';
import { newId } from '../lib/ids';
import type { Tx } from './database';
import { appendFrames } from './events';
import { lockSession } from './sessions';
import { answerToolCall, withdrawToolCall } from './tool-calls';
import type { ToolResult } from './tool-calls';

/** A question that the orchestrator has asked a person. */
export interface Prompt {
  id: string;
  sessionId: string;
  userId: string;
  turnId: string;
  toolCallId: string;
  question: string;
  options: string[];
  state: 'OPEN' | 'ANSWERED' | 'EXPIRED' | 'WITHDRAWN';
  answer: string | null;
  expiresAt: string;
  expired: boolean;
}

const SELECT = `select id, session_id as "sessionId", user_id as "userId", turn_id as "turnId",
    tool_call_id as "toolCallId", question, options, state, answer, expires_at as "expiresAt",
    expires_at <= now() as expired
  from prompts`;

/** Asks: the row, and its frame in the log. The same tool call again asks nothing new. */
export async function askPrompt(
  tx: Tx,
  wish: Pick<Prompt, 'sessionId' | 'userId' | 'turnId' | 'toolCallId' | 'question' | 'options'> & {
    deadlineMs: number;
  },
): Promise<void> {
  const [prompt] = await tx.query<Prompt>(
    `insert into prompts (id, session_id, user_id, turn_id, tool_call_id, question, options, expires_at)
     values ($1, $2, $3, $4, $5, $6, $7, now() + $8 * interval '1 millisecond')
     on conflict (tool_call_id) do nothing
     returning id, expires_at as "expiresAt"`,
    [
      newId('prm'),
      wish.sessionId,
      wish.userId,
      wish.turnId,
      wish.toolCallId,
      wish.question,
      JSON.stringify(wish.options),
      wish.deadlineMs,
    ],
  );
  if (prompt === undefined) return;
  await appendFrames(tx, { id: wish.sessionId, userId: wish.userId }, [
    promptFrame({ ...wish, id: prompt.id, expiresAt: prompt.expiresAt }),
  ]);
}

type Asked = Pick<Prompt, 'id' | 'turnId' | 'toolCallId' | 'question' | 'options' | 'expiresAt'>;

const promptFrame = (prompt: Asked): Extract<LogFrame, { type: 'USER_PROMPT' }> => ({
  type: 'USER_PROMPT',
  data: {
    prompt_id: prompt.id,
    turn_id: prompt.turnId,
    call_id: prompt.toolCallId,
    question: prompt.question,
    ...(prompt.options.length === 0 ? {} : { options: prompt.options }),
    expires_at: prompt.expiresAt,
  },
});

/** The questions of a session that can still be answered, oldest first, as they were asked. */
export async function openQuestions(
  tx: Tx,
  sessionId: string,
): Promise<Extract<LogFrame, { type: 'USER_PROMPT' }>[]> {
  const open = await tx.query<Prompt>(
    `${SELECT} where session_id = $1 and state = 'OPEN' and expires_at > now() order by created_at, id`,
    [sessionId],
  );
  return open.map(promptFrame);
}

/** A person's answer is a fact; the row lock decides between it and the deadline. Given twice, it is one answer. */
export async function answerPrompt(
  tx: Tx,
  { sessionId, promptId, answer }: { sessionId: string; promptId: string; answer: string },
): Promise<Prompt> {
  const session = await lockSession(tx, sessionId);
  const [prompt] = await tx.query<Prompt>(`${SELECT} where id = $1 and session_id = $2 for no key update`, [
    promptId,
    sessionId,
  ]);
  if (prompt === undefined) throw new MooringError('not_found', 'There is no such question in this chat.');
  if (prompt.state === 'ANSWERED' && prompt.answer === answer) return prompt;
  if (session.phase === 'CLOSED') throw new MooringError('session_closed', 'This chat is closed.');
  if (prompt.state !== 'OPEN' || prompt.expired) {
    throw new MooringError('prompt_not_open', 'This question takes no answer any more.', {
      details: { state: prompt.state === 'OPEN' ? 'EXPIRED' : prompt.state },
    });
  }
  await resolve(tx, prompt, { state: 'ANSWERED', answer });
  await answerToolCall(tx, prompt.toolCallId, { result: { status: 'answered', answer } });
  return { ...prompt, state: 'ANSWERED', answer };
}

/** Ends the questions of a locked session whose time is over; each tells the model so. */
export async function expirePrompts(tx: Tx, sessionId: string, asOf: string): Promise<void> {
  const due = await tx.query<Prompt>(
    `${SELECT} where session_id = $1 and state = 'OPEN' and expires_at <= $2 order by id for no key update`,
    [sessionId, asOf],
  );
  const result: ToolResult = { status: 'expired', reason: 'The person did not answer in time.' };
  for (const prompt of due) {
    await resolve(tx, prompt, { state: 'EXPIRED' });
    await answerToolCall(tx, prompt.toolCallId, { result });
  }
}

/** Takes back the open questions of a turn, or of a whole locked session. */
export async function withdrawPrompts(
  tx: Tx,
  { sessionId, turnId }: { sessionId: string; turnId: string | null },
): Promise<void> {
  const open = await tx.query<Prompt>(
    `${SELECT} where session_id = $1 and ($2::text is null or turn_id = $2) and state = 'OPEN'
      order by id for no key update`,
    [sessionId, turnId],
  );
  for (const prompt of open) {
    await resolve(tx, prompt, { state: 'WITHDRAWN' });
    await withdrawToolCall(tx, prompt.toolCallId);
  }
}

const OUTCOMES = { ANSWERED: 'answered', EXPIRED: 'expired', WITHDRAWN: 'withdrawn' } as const;

async function resolve(
  tx: Tx,
  prompt: Prompt,
  { state, answer }: { state: keyof typeof OUTCOMES; answer?: string },
): Promise<void> {
  await tx.query('update prompts set state = $2, answer = $3, resolved_at = now() where id = $1', [
    prompt.id,
    state,
    answer ?? null,
  ]);
  await appendFrames(tx, { id: prompt.sessionId, userId: prompt.userId }, [
    {
      type: 'USER_PROMPT_RESOLVED',
      data: {
        prompt_id: prompt.id,
        turn_id: prompt.turnId,
        outcome: OUTCOMES[state],
        ...(answer === undefined ? {} : { answer }),
      },
    },
  ]);
}

/** When the first of a session's open questions ends; null when none is open. */
export async function firstPromptEnd(tx: Tx, sessionId: string): Promise<string | null> {
  const [row] = await tx.query<{ at: string | null }>(
    `select min(expires_at) as at from prompts where session_id = $1 and state = 'OPEN'`,
    [sessionId],
  );
  return row?.at ?? null;
}
