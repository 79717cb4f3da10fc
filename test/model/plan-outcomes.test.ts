import { STAND_IN_LINE } from '../../dev/model/planner/thread';
import { FX_AGENT, platformOf, simulatedChat, TABLE_AGENT, TEXT_AGENT } from './simulated-chat';

const ALL = [TEXT_AGENT, TABLE_AGENT, FX_AGENT];
const toolsOf = (calls: { tool: string }[]): string[] => calls.map(({ tool }) => tool);

test.each([
  ['declined', 'You declined the payment of 0.05 USDC'],
  ['expired', 'was not approved in time'],
  ['pending', 'waits for you'],
  ['refused', 'was not possible (it would go over the budget of this chat)'],
])('a payment that is %s ends the turn in words and invokes nobody', (status, words) => {
  const platform = {
    ...platformOf(ALL),
    request_payment_confirmation: () => ({ status, reason: 'budget_exceeded' }),
  };
  const { calls, said } = simulatedChat(platform).send('How readable is this text: The cat sat.');
  expect(toolsOf(calls)).toEqual(['vector_search', 'connect_agent', 'request_payment_confirmation']);
  expect(said).toContain(words);
  expect(said).toContain(STAND_IN_LINE);
});

test.each([
  [{ status: 'failed', error: 'out of ink' }, 'Plainsight could not do it (the reason given: "out of ink")'],
  [{ status: 'refused', reason: 'R2 is not open yet' }, 'did not let Plainsight start'],
  [{ status: 'expired' }, 'did not finish in time'],
  [{ status: 'pending', task_id: 'tsk_1' }, 'is still at work'],
  [{ refused: { code: 'turn_limit', message: 'x' } }, 'this turn has used all its steps'],
])('an invocation that ends as %j is told in words, with where the money is', (result, words) => {
  const { said } = simulatedChat({ ...platformOf(ALL), invoke_agent: () => result }).send(
    'How readable is this text: The cat sat.',
  );
  expect(said).toContain(words);
  expect(said).toMatch(/0\.05 USDC/);
});

test('a payment approved after the turn ended goes on with the work it was for', () => {
  const platform = {
    ...platformOf(ALL),
    request_payment_confirmation: () => ({ status: 'pending', payment_id: 'pay_9' }),
  };
  const chat = simulatedChat(platform);
  chat.send('How readable is this text: The cat sat.');
  chat.send('hello');
  const { calls, said } = chat.send(
    '<outcome tool="request_payment_confirmation">{"status":"held","payment_id":"pay_9","amount_usdc":"0.05"}</outcome>',
  );
  expect(calls).toEqual([
    {
      tool: 'invoke_agent',
      input: { agent_id: 'agt_text', action: 'readability', arguments: { text: 'The cat sat.' } },
    },
  ]);
  expect(said).toContain('Cost: 0.05 USDC');
});

test('a task that ends after its turn is answered with its output', () => {
  const chat = simulatedChat({
    ...platformOf(ALL),
    invoke_agent: () => ({ status: 'pending', task_id: 'tsk_7' }),
  });
  chat.send('How readable is this text: The cat sat.');
  const { calls, said } = chat.send(
    '<outcome>{"status":"completed","task_id":"tsk_7","output":{"grade":3},"charged_usdc":"0.05"}</outcome>',
  );
  expect(calls).toEqual([]);
  expect(said).toContain('- Grade: 3\n\nCost: 0.05 USDC, paid to Plainsight.');
});

test('a late outcome that quotes its call goes on with it, whatever was said in between', () => {
  const platform = {
    ...platformOf(ALL),
    request_payment_confirmation: () => ({ status: 'pending', id: 'call_1' }),
  };
  const chat = simulatedChat(platform);
  const [, , payment] = chat.send('How readable is this text: The cat sat.').calls;
  chat.send('hello');
  const call = { tool: payment?.tool, input: payment?.input };
  const held = { ...call, result: { status: 'held', payment_id: 'pay_1', amount_usdc: '0.05' } };
  expect(toolsOf(chat.send(`<outcome>${JSON.stringify(held)}</outcome>`).calls)).toEqual(['invoke_agent']);
  const declined = { ...call, result: { status: 'declined', payment_id: 'pay_2' } };
  chat.send('How readable is this text: The cat sat.');
  expect(chat.send(`<outcome>${JSON.stringify(declined)}</outcome>`).said).toContain(
    'You declined the payment',
  );
});

test('an outcome of something this chat does not know is told in words', () => {
  const stray = { tool: 'invoke_agent', input: {}, result: { status: 'expired' } };
  const { calls, said } = simulatedChat(platformOf(ALL)).send(`<outcome>${JSON.stringify(stray)}</outcome>`);
  expect(calls).toEqual([]);
  expect(said).toContain('has ended: expired.');
});

test('a task that failed is told with the reason of its error', () => {
  const failing = simulatedChat({
    ...platformOf(ALL),
    invoke_agent: () => ({
      status: 'failed',
      task_id: 't',
      error: { code: 'agent_refused', message: 'no words' },
    }),
  });
  expect(failing.send('How readable is this text: The cat sat.').said).toContain(
    'Plainsight could not do it (the reason given: "no words").',
  );
});

test('a question that nobody answered in time is not asked again', () => {
  const chat = simulatedChat({ ...platformOf(ALL), user_prompt: () => ({ status: 'pending', id: 'q' }) });
  expect(toolsOf(chat.send('How readable is my text?').calls)).toContain('user_prompt');
  const { calls, said } = chat.send('<outcome>{"status":"expired","id":"q"}</outcome>');
  expect(calls).toEqual([]);
  expect(said).toContain('No answer came');
});
