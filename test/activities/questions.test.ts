import { answerPrompt } from '../../db/prompts';
import { cancelTurn } from '../../db/cancel';
import { asUser } from '../../domain/principal';
import { run, setStage } from './stage';
import type { Stage } from './stage';
import { sends } from './test-chat';
import type { TestChat } from './test-chat';

let stage: Stage;
beforeAll(async () => {
  stage = await setStage();
});
afterAll(() => stage.close());

const QUESTION = { question: 'Which language?', options: ['English', 'German'] };

async function chatWithQuestion(): Promise<{ chat: TestChat; promptId: string; callId: string }> {
  const chat = await stage.openChat();
  await chat.say('How readable is this?');
  const call = await chat.use('user_prompt', QUESTION);
  expect(call.state).toBe('waiting');
  const [prompt] = await chat.rows<{ id: string }>('select id from prompts where session_id = $1', [
    chat.sessionId,
  ]);
  return { chat, promptId: prompt?.id ?? '', callId: call.id };
}

const reply = (chat: TestChat, promptId: string, { answer = 'German', userId = chat.userId } = {}) =>
  stage.t.db.withTx(asUser(userId), 'test', (tx) =>
    answerPrompt(tx, { sessionId: chat.sessionId, promptId, answer }),
  );

const later = () => new Date(Date.now() + 3_600_000).toISOString();
const lastResults = () => JSON.stringify(stage.model.asked.at(-1)?.at(-1)?.content);

test('a question is asked with its options and its end, and its answer goes on in the same turn', async () => {
  const { chat, promptId, callId } = await chatWithQuestion();
  expect(await chat.frames('USER_PROMPT')).toMatchObject([
    { prompt_id: promptId, call_id: callId, ...QUESTION, expires_at: expect.stringMatching(/^20/) as string },
  ]);
  expect(await chat.step()).toMatchObject({ kind: 'waiting' });
  await reply(chat, promptId);
  expect(await chat.frames('USER_PROMPT_RESOLVED')).toMatchObject([
    { prompt_id: promptId, outcome: 'answered', answer: 'German' },
  ]);
  expect(await chat.step([sends('In German it is easy.')])).toMatchObject({
    kind: 'ended',
    turn: 1,
    outcome: 'answered',
  });
  expect(lastResults()).toContain('German');
});

test('an answer given twice is one answer; another one is refused', async () => {
  const { chat, promptId } = await chatWithQuestion();
  await reply(chat, promptId);
  expect(await reply(chat, promptId)).toMatchObject({ state: 'ANSWERED' });
  await expect(reply(chat, promptId, { answer: 'English' })).rejects.toMatchObject({
    code: 'prompt_not_open',
  });
  expect(await chat.frames('USER_PROMPT_RESOLVED')).toHaveLength(1);
});

test('the answer of a stranger finds no question', async () => {
  const { chat, promptId } = await chatWithQuestion();
  const other = await stage.openChat();
  await expect(reply(chat, promptId, { userId: other.userId })).rejects.toMatchObject({
    code: 'session_not_found',
  });
  await expect(reply(other, promptId)).rejects.toMatchObject({ code: 'not_found' });
});

test('a question that outlives its turn is answered in a turn of its own', async () => {
  const { chat, promptId } = await chatWithQuestion();
  expect(await chat.step([sends('I come back.')], true)).toMatchObject({ kind: 'ended', outcome: 'waiting' });
  expect(await chat.step()).toMatchObject({
    kind: 'idle',
    questionEndsAt: expect.stringMatching(/^20/) as string,
  });
  await reply(chat, promptId);
  expect(await chat.step([sends('Now I know.')])).toMatchObject({
    kind: 'ended',
    turn: 2,
    outcome: 'answered',
  });
});

test('a question without an answer ends at its time, the model reads so, and a late answer is refused', async () => {
  const { chat, promptId } = await chatWithQuestion();
  await chat.step([sends('I come back.')], true);
  await run(stage.activities.expirePrompts, { sessionId: chat.sessionId, asOf: new Date(0).toISOString() });
  expect(await chat.frames('USER_PROMPT_RESOLVED')).toEqual([]);
  await run(stage.activities.expirePrompts, { sessionId: chat.sessionId, asOf: later() });
  expect(await chat.frames('USER_PROMPT_RESOLVED')).toMatchObject([{ outcome: 'expired' }]);
  await expect(reply(chat, promptId)).rejects.toMatchObject({
    code: 'prompt_not_open',
    details: { state: 'EXPIRED' },
  });
  expect(await chat.step([sends('You did not answer.')])).toMatchObject({ kind: 'ended', turn: 2 });
  expect(lastResults()).toContain('expired');
});

test('a question of a turn that was cancelled is taken back', async () => {
  const { chat, promptId } = await chatWithQuestion();
  await stage.t.db.withTx(asUser(chat.userId), 'test', (tx) =>
    cancelTurn(tx, { sessionId: chat.sessionId, turnId: undefined }),
  );
  expect(await chat.frames('USER_PROMPT_RESOLVED')).toMatchObject([{ outcome: 'withdrawn' }]);
  await expect(reply(chat, promptId)).rejects.toMatchObject({
    code: 'prompt_not_open',
    details: { state: 'WITHDRAWN' },
  });
  expect(await chat.step()).toMatchObject({ kind: 'ended', outcome: 'cancelled' });
  expect(await chat.step()).toMatchObject({ kind: 'idle' });
});

test('an open question keeps an idle chat open beyond its end', async () => {
  const { chat } = await chatWithQuestion();
  await chat.step([sends('I come back.')], true);
  const idle = await chat.step();
  if (idle.kind !== 'idle') throw new Error(idle.kind);
  expect(Date.parse(idle.closesAt)).toBeGreaterThan(Date.parse(idle.questionEndsAt ?? ''));
});
