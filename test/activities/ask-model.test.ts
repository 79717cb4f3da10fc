import { TURN_LIMITS } from '../../domain/session';
import { run, setStage } from './stage';
import type { Stage } from './stage';
import { answer, containing, sends, text, toolUse } from './test-chat';

let stage: Stage;
beforeAll(async () => {
  stage = await setStage();
});
afterEach(() => {
  const left = stage.model.next.splice(0);
  expect(left).toHaveLength(0);
});
afterAll(() => stage.close());

/** How often the model was asked while `work` ran. */
async function asksDuring(work: () => Promise<unknown>): Promise<number> {
  const before = stage.model.asked.length;
  await work();
  return stage.model.asked.length - before;
}

const lastAsked = () => JSON.stringify(stage.model.asked.at(-1));

test('messages are taken up in their order, one turn for each', async () => {
  const chat = await stage.openChat();
  await chat.say('first');
  await chat.say('second');
  expect(await chat.step([sends('to the first')])).toMatchObject({ kind: 'ended', turn: 1 });
  expect(lastAsked()).not.toContain('second');
  expect(await chat.step([sends('to the second')])).toMatchObject({ kind: 'ended', turn: 2 });
  expect(await chat.step()).toMatchObject({ kind: 'idle' });
  const said = await chat.rows(
    `select m.content, t.number from turns t join messages m on m.id = t.message_id
      where t.session_id = $1 order by t.number`,
    [chat.sessionId],
  );
  expect(said).toEqual([
    { content: 'first', number: 1 },
    { content: 'second', number: 2 },
  ]);
  expect(await chat.frames('TURN_END')).toHaveLength(2);
});

test('an answer that is stored is not asked for again', async () => {
  const chat = await stage.openChat();
  await chat.say('find somebody');
  const asks = await asksDuring(async () => {
    const first = await chat.step([answer([toolUse('vector_search', { query: 'texts' })])]);
    expect(first).toMatchObject({ kind: 'tools', step: 1, calls: [{ name: 'vector_search' }] });
    expect(await chat.step()).toEqual(first);
  });
  expect(asks).toBe(1);
  expect(
    await chat.rows('select 1 from steps s join turns t on t.id = s.turn_id where t.session_id = $1', [
      chat.sessionId,
    ]),
  ).toHaveLength(1);
});

test('two attempts at once leave one step: the newer one’s', async () => {
  const chat = await stage.openChat();
  await chat.say('hello');
  let release: (words: string) => void = () => undefined;
  const words = new Promise<string>((resolve) => (release = resolve));
  const asked = new Promise<void>((resolve) => {
    stage.model.next.push(() => {
      resolve();
      return words.then((late) => sends(late));
    });
  });
  const old = run(stage.activities.askModel, { sessionId: chat.sessionId, leaveWaits: false });
  await asked;
  expect(await chat.step([sends('of the newer attempt')])).toMatchObject({ kind: 'ended' });
  const before = await chat.rows('select * from session_events where session_id = $1', [chat.sessionId]);
  release('of the old attempt');
  await expect(old).rejects.toMatchObject({ type: 'fence_lost', nonRetryable: true });
  expect(await chat.rows('select * from session_events where session_id = $1', [chat.sessionId])).toEqual(
    before,
  );
  expect(await chat.frames('AGENT_MESSAGE')).toMatchObject([{ content: 'of the newer attempt' }]);
  expect(await chat.frames('TURN_END')).toHaveLength(1);
});

test('an old attempt that comes back while the newer one still thinks is refused, and the newer one is not', async () => {
  const chat = await stage.openChat();
  await chat.say('hello');
  const gates: ((words: string) => void)[] = [];
  const attempt = async () => {
    const asked = new Promise<void>((resolve) => {
      stage.model.next.push(
        () =>
          new Promise((done) => {
            gates.push((words) => done(sends(words)));
            resolve();
          }),
      );
    });
    const running = run(stage.activities.askModel, { sessionId: chat.sessionId, leaveWaits: false }, 2);
    await asked;
    return { running };
  };
  const old = await attempt();
  const newer = await attempt();
  gates[0]?.('old');
  await expect(old.running).rejects.toMatchObject({ type: 'fence_lost' });
  gates[1]?.('newer');
  expect(await newer.running).toMatchObject({ kind: 'ended', outcome: 'answered' });
  expect(await chat.frames('AGENT_MESSAGE')).toMatchObject([{ content: 'newer' }]);
});

test('a tool that nobody has and arguments that do not fit go back to the model as the reason', async () => {
  const chat = await stage.openChat();
  await chat.say('do it');
  const progress = await chat.step([
    answer([
      toolUse('transfer_everything', { to: 'me' }),
      toolUse('vector_search', { query: 'texts', k: 1000 }),
      toolUse('connect_agent', { agent_id: 'agt_1' }),
    ]),
  ]);
  expect(progress).toMatchObject({ kind: 'tools', calls: [] });
  expect(await chat.step([sends('I cannot.')])).toMatchObject({ kind: 'ended', outcome: 'answered' });
  const results = stage.model.asked.at(-1)?.at(-1)?.content;
  expect(results).toMatchObject([
    { type: 'tool_result', is_error: true, content: containing('no tool transfer_everything') },
    { type: 'tool_result', is_error: true, content: containing('k: ') },
    { type: 'tool_result', is_error: true, content: containing('agent_id: ') },
  ]);
});

test('of too many tools at once the last ones are refused', async () => {
  const chat = await stage.openChat();
  await chat.say('do it');
  const many = Array.from({ length: 18 }, () => toolUse('vector_search', { query: 'texts' }));
  const progress = await chat.step([answer(many)]);
  expect(progress.kind === 'tools' ? progress.calls : []).toHaveLength(16);
  const refused = await chat.rows(
    'select 1 from tool_calls where session_id = $1 and is_error and position >= 16',
    [chat.sessionId],
  );
  expect(refused).toHaveLength(2);
});

test('a chat is not closed by an answer that was cut', async () => {
  const chat = await stage.openChat();
  await chat.say('close it');
  await chat.step([answer([toolUse('close_session', { outcome: 'done' })], 'max_tokens')]);
  expect(await chat.frames('TURN_END')).toMatchObject([{ outcome: 'failed', text: containing('cut') }]);
  expect(await chat.frames('SESSION_CLOSED')).toEqual([]);
});

test('a message to the person that is refused is not said until it is sent as it should be', async () => {
  const chat = await stage.openChat();
  await chat.say('hello');
  const wrong = toolUse('send_orchestrator_message', { content: 'Hello.', tone: 'kind' });
  expect(await chat.step([answer([wrong])])).toMatchObject({ kind: 'tools', calls: [] });
  expect(await chat.step([sends('Hello.')])).toMatchObject({ kind: 'ended', outcome: 'answered' });
  expect(await chat.frames('AGENT_MESSAGE')).toMatchObject([{ content: 'Hello.' }]);
});

test('send_orchestrator_message beside other tools ends the turn, and the others are not run', async () => {
  const chat = await stage.openChat();
  await chat.say('hello');
  const progress = await chat.step([
    answer([
      toolUse('vector_search', { query: 'texts' }),
      toolUse('send_orchestrator_message', { content: 'Done.' }),
    ]),
  ]);
  expect(progress).toMatchObject({ kind: 'ended', outcome: 'answered' });
  const calls = await chat.rows(
    'select name, state, result from tool_calls where session_id = $1 order by position',
    [chat.sessionId],
  );
  expect(calls).toEqual([
    { name: 'vector_search', state: 'done', result: { status: 'not_run' } },
    { name: 'send_orchestrator_message', state: 'done', result: { status: 'done' } },
  ]);
  expect(await chat.frames('AGENT_MESSAGE')).toMatchObject([{ content: 'Done.' }]);
});

test.each([
  ['max_tokens', [text('A long')], 'cut'],
  ['max_tokens', [toolUse('vector_search', { query: 'texts' })], 'cut'],
  ['refusal', [], 'declined'],
  ['end_turn', [], 'no answer'],
  ['tool_use', [], 'no answer'],
  ['end_turn', [text('  ')], 'no answer'],
] as const)('a model that stops with %s ends the turn once, in words', async (stopReason, content, words) => {
  const chat = await stage.openChat();
  await chat.say('hello');
  expect(await chat.step([answer([...content], stopReason)])).toMatchObject({
    kind: 'ended',
    outcome: 'failed',
  });
  expect(await chat.frames('TURN_END')).toMatchObject([{ outcome: 'failed', text: containing(words) }]);
  expect(await chat.step()).toMatchObject({ kind: 'idle' });
});

test('a model that pauses is asked to go on with what it has said, and no more often than a turn has steps', async () => {
  const chat = await stage.openChat();
  await chat.say('hello');
  const pause = answer([text('Let me think.')], 'pause_turn');
  expect(await chat.step([pause])).toMatchObject({ kind: 'tools', calls: [] });
  expect(await chat.step([sends('Done.')])).toMatchObject({ kind: 'ended', outcome: 'answered' });
  expect(stage.model.asked.at(-1)).toMatchObject([
    { role: 'user', content: [{ text: 'hello' }] },
    { role: 'assistant', content: [{ text: 'Let me think.' }] },
    { role: 'user', content: [{ text: '<platform>Go on.</platform>' }] },
  ]);
  expect(await chat.frames('AGENT_MESSAGE')).toMatchObject([
    { content: 'Let me think.' },
    { content: 'Done.' },
  ]);

  await chat.say('for ever');
  for (let step = 1; step <= TURN_LIMITS.modelSteps; step += 1) await chat.step([answer([], 'pause_turn')]);
  expect(await chat.step()).toMatchObject({ kind: 'ended', outcome: 'limit' });
});

test('a step that says nothing but blanks is left out when the model is asked again', async () => {
  const chat = await stage.openChat();
  await chat.say('hello');
  await chat.step([answer([text(' \n')], 'end_turn')]);
  await chat.say('still there?');
  await chat.step([answer([text(' '), toolUse('no_such_tool', {})])]);
  await chat.step([sends('yes')]);
  expect(stage.model.asked.at(-1)).toMatchObject([
    { role: 'user', content: [{ text: 'hello' }, { text: 'still there?' }] },
    { role: 'assistant', content: [{ type: 'tool_use' }] },
    { role: 'user', content: [{ type: 'tool_result' }] },
  ]);
});

test('text without a tool is an answer', async () => {
  const chat = await stage.openChat();
  await chat.say('hello');
  expect(await chat.step([answer([text('Hello.')], 'end_turn')])).toMatchObject({ outcome: 'answered' });
  expect(await chat.frames('AGENT_MESSAGE')).toMatchObject([{ content: 'Hello.' }]);
  expect(await chat.frames('TURN_END')).toMatchObject([{ usage: { input_tokens: 100, output_tokens: 10 } }]);
});

test('tokens that the prompt cache spared or kept are stored with their step, priced, and told', async () => {
  const chat = await stage.openChat();
  await chat.say('hello');
  const usage = { inputTokens: 100, cacheReadTokens: 1_000, cacheWriteTokens: 200, outputTokens: 10 };
  await chat.step([{ ...sends('Hello.'), ...usage }]);
  const told = { input_tokens: 100, cache_read_input_tokens: 1_000, cache_creation_input_tokens: 200 };
  // (100 + 1000 / 10 + 200 * 1.25) * 3 + 10 * 15
  const frame = { usage: { ...told, output_tokens: 10 }, cost_usdc: '0.0015' };
  expect(await chat.frames('TURN_END')).toMatchObject([frame]);
  const steps = await chat.rows(
    `select s.cache_read_tokens as read, s.cache_write_tokens as write, s.cost_micros::int as cost
       from steps s join turns t on t.id = s.turn_id where t.session_id = $1`,
    [chat.sessionId],
  );
  expect(steps).toEqual([{ read: 1_000, write: 200, cost: 1_500 }]);
});

test('words that PostgreSQL cannot keep do not stop a turn', async () => {
  const chat = await stage.openChat();
  await chat.say('hello');
  expect(await chat.step([sends('a\u0000b \ud83d c')])).toMatchObject({ outcome: 'answered' });
  expect(await chat.frames('AGENT_MESSAGE')).toMatchObject([{ content: 'ab \ufffd c' }]);
});

test('a turn ends in words at its last step', async () => {
  const chat = await stage.openChat();
  await chat.say('for ever');
  for (let step = 1; step <= TURN_LIMITS.modelSteps; step += 1) {
    expect(await chat.step([answer([toolUse('no_such_tool', {})])])).toMatchObject({ kind: 'tools', step });
  }
  expect(await chat.step()).toMatchObject({ kind: 'ended', outcome: 'limit' });
  expect(await chat.frames('TURN_END')).toMatchObject([{ outcome: 'limit', text: containing('12 steps') }]);
  await chat.say('again');
  expect(await chat.step([sends('yes')])).toMatchObject({ kind: 'ended', turn: 2, outcome: 'answered' });
});

test('a chat whose budget is used up asks nobody any more', async () => {
  const chat = await stage.openChat({ budget: '0.000450' });
  await chat.say('hello');
  expect(await chat.step([sends('that cost all of it')])).toMatchObject({ outcome: 'answered' });
  await chat.say('more');
  const asks = await asksDuring(async () => {
    expect(await chat.step()).toMatchObject({ kind: 'ended', outcome: 'limit' });
  });
  expect(asks).toBe(0);
  expect((await chat.frames('TURN_END')).at(-1)).toMatchObject({ text: containing('budget') });
});

test('a chat that is closed is told so, whatever waits in it', async () => {
  const chat = await stage.openChat();
  await chat.say('hello');
  await chat.rows(`update sessions set phase = 'CLOSED', closed_at = now() where id = $1`, [chat.sessionId]);
  expect(await chat.step()).toEqual({ kind: 'closed' });
});
