import { once } from 'node:events';
import type { Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { toMessages } from '../../activities/orchestrator/conversation';
import { createModel } from '../../activities/orchestrator/model';
import type { Model } from '../../activities/orchestrator/model';
import type { TurnTranscript } from '../../db/conversation';
import { createStandIn } from '../../dev/model/server';

// The real SDK against the stand-in, whose prompt cache works as the API's does.
let server: Server;
let model: Model;
beforeAll(async () => {
  server = createStandIn({ tokenDelayMs: 0, maxBodyBytes: 256 * 1024 }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  const baseUrl = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  model = createModel({ apiKey: 'any', baseUrl, model: 'stand-in', maxTokens: 8_192, timeoutMs: 10_000 });
});
afterAll(() => {
  server.closeAllConnections();
  server.close();
});

const ask = (turns: TurnTranscript[]) =>
  model.answer(toMessages(turns), {
    signal: new AbortController().signal,
    stop: new AbortController().signal,
    onGrowth: () => undefined,
    attempt: 1,
  });
const turn = (content: string, steps: TurnTranscript['steps'] = []): TurnTranscript => ({
  number: 1,
  kind: 'user',
  content,
  outcome: steps.length === 0 ? null : 'answered',
  steps,
});
const said = (id: string, content: string): TurnTranscript['steps'][number] => ({
  content: [{ type: 'tool_use', id, name: 'send_orchestrator_message', input: { content } }],
  results: [{ toolUseId: id, text: '{"status": "delivered"}', bytes: 23, isError: false }],
});

test('rules and tools are read once for all chats, and a conversation up to where it was last', async () => {
  const first = await ask([turn('hello')]);
  expect(first.cacheReadTokens).toBe(0);
  expect(first.cacheWriteTokens).toBeGreaterThan(500);
  expect(first.inputTokens).toBe(0);

  const other = await ask([turn('hello from another chat')]);
  expect(other.cacheReadTokens).toBeGreaterThan(500);
  expect(other.cacheWriteTokens).toBeLessThan(20);

  const long = 'words '.repeat(2_000);
  const one = turn('hello', [said('toolu_1', long)]);
  const second = await ask([one, turn('and now?')]);
  expect(second.cacheReadTokens).toBe(first.cacheReadTokens + first.cacheWriteTokens);
  expect(second.cacheWriteTokens).toBeGreaterThan(2_000);

  const third = await ask([one, turn('and now?', [said('toolu_2', 'This.')]), turn('thanks')]);
  expect(third.cacheReadTokens).toBe(second.cacheReadTokens + second.cacheWriteTokens);
  expect(third.cacheWriteTokens).toBeLessThan(150);
});
