import { once } from 'node:events';
import type { Server } from 'node:http';
import Anthropic from '@anthropic-ai/sdk';
import { createModel } from '../../activities/orchestrator/model';
import { modelFailure } from '../../activities/orchestrator/model-faults';
import { createStandIn } from '../../dev/model/server';

// The real SDK against the stand-in, which plays the faults that a message asks for.
let server: Server;
let baseUrl: string;
beforeAll(async () => {
  server = createStandIn({ tokenDelayMs: 0, maxBodyBytes: 64 * 1024 });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  baseUrl = `http://127.0.0.1:${typeof address === 'object' && address !== null ? address.port : 0}`;
});
afterAll(() => {
  server.closeAllConnections();
  server.close();
});

const never = new AbortController().signal;

const ask = (text: string, { attempt = 1, timeoutMs = 10_000 } = {}) =>
  createModel({ apiKey: 'stand-in', baseUrl, model: 'stand-in', maxTokens: 8_192, timeoutMs }).answer(
    [{ role: 'user', content: [{ type: 'text', text }] }],
    { signal: never, stop: never, onGrowth: () => undefined, attempt },
  );

test.each([
  ['401', 'model_settings'],
  ['400', 'model_refused'],
  ['402', 'model_no_credit'],
  ['413', 'chat_too_long'],
  ['429-spend', 'model_spend_limit'],
])('#model:%s is final, as %s', async (fault, type) => {
  await expect(ask(`hello #model:${fault}`)).rejects.toMatchObject({ type, nonRetryable: true });
});

test.each(['429', '529', '529-mid', '500', 'cut'])(
  '#model:%s is tried again, and then answered',
  async (fault) => {
    const text = `hello again #model:${fault}`;
    await expect(ask(text)).rejects.toMatchObject({ type: 'model_overloaded', nonRetryable: false });
    expect((await ask(text)).content.length).toBeGreaterThan(0);
  },
);

test('the wait that the model asks for is kept, and the sixth try is the last', async () => {
  await expect(ask('hello you #model:429')).rejects.toMatchObject({ nextRetryDelay: 1_000 });
  await expect(ask('hello all #model:529', { attempt: 6 })).rejects.toMatchObject({
    type: 'model_overloaded',
    nonRetryable: true,
  });
});

const busy = (headers: Record<string, string>) =>
  modelFailure(new Anthropic.RateLimitError(429, { type: 'error' }, undefined, new Headers(headers)), 1);
const date = 'Mon, 23 Nov 2026 10:00:00 GMT';

test.each([
  ['1', 1_000],
  ['0.5', 500],
  ['300', 300_000],
  ['Mon, 23 Nov 2026 10:02:30 GMT', 150_000],
  ['Mon, 23 Nov 2026 09:00:00 GMT', 500],
  ['soon', 500],
  ['-5', 500],
  ['', 500],
])('retry-after: %s is kept, in seconds or as a time by the clock of the model', (said, nextRetryDelay) => {
  expect(busy({ 'retry-after': said, date })).toMatchObject({
    type: 'model_overloaded',
    nonRetryable: false,
    nextRetryDelay,
  });
});

test.each(['301', '86400', 'Mon, 23 Nov 2026 10:05:01 GMT', 'Tue, 24 Nov 2026 10:00:00 GMT'])(
  'a wait longer than five minutes (%s) is not waited for, and the model is not asked before it',
  (said) => {
    expect(busy({ 'retry-after': said, date })).toMatchObject({
      type: 'model_overloaded',
      nonRetryable: true,
    });
  },
);

test('an account without credit is told by what the model says of it, too', () => {
  const body = { error: { message: 'Your credit balance is too low to access the Anthropic API.' } };
  const error = new Anthropic.BadRequestError(400, body, undefined, new Headers());
  expect(modelFailure(error, 1)).toMatchObject({ type: 'model_no_credit', nonRetryable: true });
});

test('a stream that goes on for longer than a step may last is ended', async () => {
  await expect(ask('hello there #model:slow', { timeoutMs: 300 })).rejects.toMatchObject({
    type: 'model_overloaded',
  });
});
