import Anthropic from '@anthropic-ai/sdk';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import type { Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { createStandIn } from '../../dev/model/server';
import { TOOLS } from './simulated-chat';

const tools: Anthropic.Tool[] = TOOLS.map((name) => ({ name, input_schema: { type: 'object' } }));
const ask = (content: string): Anthropic.MessageCreateParamsNonStreaming => ({
  model: 'stand-in',
  max_tokens: 1000,
  system: 'You are the orchestrator.',
  messages: [{ role: 'user', content }],
  tools,
});

let server: Server;
let client: Anthropic;
let origin: string;

beforeEach(async () => {
  server = createStandIn({ tokenDelayMs: 0, maxBodyBytes: 20_000 }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  origin = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  client = new Anthropic({ baseURL: origin, apiKey: 'any', maxRetries: 0 });
});
afterEach(async () => {
  server.close();
  server.closeAllConnections();
  await once(server, 'close');
});

const failure = async (call: Promise<unknown>): Promise<InstanceType<typeof Anthropic.APIError>> => {
  const error: unknown = await call.then(
    () => undefined,
    (reason: unknown) => reason,
  );
  if (!(error instanceof Anthropic.APIError)) throw new Error(`no API error: ${String(error)}`);
  return error;
};

const raw = (body: unknown, headers: Record<string, string> = {}): Promise<Response> =>
  fetch(`${origin}/v1/messages`, {
    method: 'POST',
    headers: {
      'content-type': 'application/json',
      'anthropic-version': '2026-10-21',
      'x-api-key': 'k',
      ...headers,
    },
    body: typeof body === 'string' ? body : JSON.stringify(body),
  });

test('a tool call streams as pieces of JSON that the SDK puts together', async () => {
  const pieces: string[] = [];
  const stream = client.messages.stream(ask('How readable is this text: The cat sat on the mat.'));
  stream.on('inputJson', (piece) => pieces.push(piece));
  const message = await stream.finalMessage();
  expect(message.stop_reason).toBe('tool_use');
  expect(message.content).toMatchObject([
    { type: 'tool_use', name: 'vector_search', input: { query: 'How readable is this text', k: 5 } },
  ]);
  expect(pieces.length).toBeGreaterThan(3);
  expect(JSON.parse(pieces.join(''))).toEqual({ query: 'How readable is this text', k: 5 });
  expect(message.usage.input_tokens).toBeGreaterThan(50);
  expect(message.usage.output_tokens).toBe(Math.ceil(pieces.join('').length / 4));
});

test('text streams in deltas of a token each, and a ping does not disturb it', async () => {
  const deltas: string[] = [];
  const stream = client.messages.stream({ ...ask('hello'), tools: [] });
  stream.on('text', (delta) => deltas.push(delta));
  const message = await stream.finalMessage();
  expect(message.stop_reason).toBe('end_turn');
  expect(deltas.length).toBeGreaterThan(20);
  expect(message.content).toMatchObject([{ type: 'text', text: deltas.join('') }]);
  expect(deltas.join('')).toContain('no language model was used.');
  expect(stream.request_id).toMatch(/^req_/);
});

test('the events come in the order of the API, each with its name', async () => {
  const response = await raw({ ...ask('hello'), stream: true }, { authorization: 'Bearer k' });
  expect(response.headers.get('content-type')).toContain('text/event-stream');
  const names = [...(await response.text()).matchAll(/^event: (\w+)$/gm)].map((match) => match[1]);
  expect([...new Set(names)]).toEqual([
    'message_start',
    'content_block_start',
    'ping',
    'content_block_delta',
    'content_block_stop',
    'message_delta',
    'message_stop',
  ]);
});

test('without streaming the whole message comes at once, and its tokens can be counted before', async () => {
  const message = await client.messages.create(ask('Find outliers: a,b'));
  expect(message).toMatchObject({ stop_reason: 'tool_use', role: 'assistant', type: 'message' });
  const { max_tokens: _, ...counted } = ask('Find outliers: a,b');
  expect(await client.messages.countTokens(counted)).toEqual({ input_tokens: message.usage.input_tokens });
});

test('an answer longer than max_tokens stops there', async () => {
  const message = await client.messages.stream({ ...ask('hello'), tools: [], max_tokens: 10 }).finalMessage();
  expect(message).toMatchObject({ stop_reason: 'max_tokens', usage: { output_tokens: 10 } });
});

test.each([
  ['no model', { model: undefined }, 'model: Field required'],
  ['no max_tokens', { max_tokens: undefined }, 'max_tokens: Field required'],
  ['no messages', { messages: undefined }, 'messages: Field required'],
  ['temperature', { temperature: 0.5 }, 'temperature: this parameter is no longer supported'],
  ['top_p', { top_p: 0.5 }, 'top_p'],
  ['top_k', { top_k: 5 }, 'top_k'],
  ['an unknown block', { messages: [{ role: 'user', content: [{ type: 'poem' }] }] }, "Input tag 'poem'"],
  [
    'an empty text',
    { messages: [{ role: 'user', content: [{ type: 'text', text: '' }] }] },
    'must be non-empty',
  ],
  [
    'the assistant first',
    { messages: [{ role: 'assistant', content: 'x' }] },
    'first message must use the "user" role',
  ],
  [
    'a call without its result',
    {
      messages: [
        { role: 'user', content: 'x' },
        { role: 'assistant', content: [{ type: 'tool_use', id: 'a', name: 'b', input: {} }] },
        { role: 'user', content: 'y' },
      ],
    },
    'messages.1: `tool_use` ids were found without `tool_result` blocks immediately after: a.',
  ],
  [
    'a result without its call',
    { messages: [{ role: 'user', content: [{ type: 'tool_result', tool_use_id: 'a', content: 'x' }] }] },
    'messages.0: unexpected `tool_use_id` found in `tool_result` blocks: a.',
  ],
  ['two tools of one name', { tools: [tools[0], tools[0]] }, 'Tool names must be unique'],
])('%s is an invalid request', async (_name, change, message) => {
  const response = await raw({ ...ask('hello'), ...change });
  expect(response.status).toBe(400);
  const body = (await response.json()) as { error: { message: string } };
  expect(body).toMatchObject({ type: 'error', error: { type: 'invalid_request_error' } });
  expect(body).toHaveProperty('request_id', response.headers.get('request-id'));
  expect(body.error.message).toContain(message);
});

test('a body that is no JSON is an invalid request, one over the limit is too large', async () => {
  expect((await raw('{')).status).toBe(400);
  const error = await failure(client.messages.create(ask('x'.repeat(30_000))));
  expect(error).toMatchObject({ status: 413, error: { error: { type: 'request_too_large' } } });
});

test('a call without a key is refused; unknown paths are not found; health is', async () => {
  const response = await raw(ask('hello'), { 'x-api-key': '' });
  expect(response.status).toBe(401);
  expect(await response.json()).toMatchObject({ error: { type: 'authentication_error' } });
  expect((await fetch(`${origin}/v1/models`)).status).toBe(404);
  expect((await fetch(`${origin}/healthz`)).status).toBe(200);
});

test('a fault comes as often as it was asked for, then the same call succeeds, and in the next chat it fails anew', async () => {
  const first = await failure(client.messages.stream(ask('hello #model:529x2')).finalMessage());
  expect(first).toMatchObject({ status: 529, type: 'overloaded_error' });
  expect((await failure(client.messages.create(ask('hello #model:529x2')))).status).toBe(529);
  expect((await client.messages.create(ask('hello #model:529x2'))).stop_reason).toBe('tool_use');
  expect((await failure(client.messages.create(ask('hello #model:529x2')))).status).toBe(529);
});

test('a rate limit says when to come back, and the SDK does', async () => {
  const limited = await failure(client.messages.create(ask('hello #model:429')));
  expect(limited).toMatchObject({ status: 429, type: 'rate_limit_error' });
  expect(limited.headers?.get('retry-after')).toBe('1');
  const patient = client.withOptions({ maxRetries: 1 });
  expect((await patient.messages.create(ask('hello again #model:500'))).stop_reason).toBe('tool_use');
});

test('the spend limit carries its code and never ends', async () => {
  for (let attempt = 0; attempt < 4; attempt += 1) {
    const error = await failure(client.messages.create(ask('hello #model:429-spend')));
    expect(error).toMatchObject({ status: 429, errorCode: 'enforced_spend_limit_reached' });
  }
});

test('a sentinel is heard only in the newest message of the person', async () => {
  const earlier = { role: 'user', content: 'hello #model:429-spend' } as const;
  const messages: Anthropic.MessageParam[] = [
    {
      role: 'user',
      content: [
        { type: 'text', text: earlier.content },
        { type: 'text', text: 'hello' },
      ],
    },
  ];
  expect((await client.messages.create({ ...ask(''), messages })).stop_reason).toBe('tool_use');
  const outcome = '<outcome>{"status":"completed","id":"x","output":"#model:429-spend"}</outcome>';
  const late: Anthropic.MessageParam[] = [earlier, { role: 'user', content: outcome }];
  expect((await client.messages.create({ ...ask(''), messages: late })).stop_reason).toBe('tool_use');
});

test('a cut stream gives some pieces and no message, and the retry is whole', async () => {
  const request = ask('How readable is this text: The cat sat. #model:cut');
  let pieces = 0;
  const stream = client.messages.stream(request);
  stream.on('inputJson', () => (pieces += 1));
  await expect(stream.finalMessage()).rejects.toThrow();
  expect(pieces).toBeGreaterThan(0);
  expect((await client.messages.stream(request).finalMessage()).stop_reason).toBe('tool_use');
});

test('an overload within the stream comes as an error event without a status', async () => {
  const error = await failure(client.messages.stream(ask('hello #model:529-mid')).finalMessage());
  expect(error).toMatchObject({ status: undefined, type: 'overloaded_error' });
});

test('a client that goes away in a slow answer leaves the server well', async () => {
  const stream = client.messages.stream(ask('hello #model:slow'));
  await new Promise((resolve) => stream.once('inputJson', resolve));
  stream.abort();
  await expect(stream.finalMessage()).rejects.toThrow(Anthropic.APIUserAbortError);
  expect((await fetch(`${origin}/healthz`)).status).toBe(200);
});

// Compiles what it loads, so that the test needs no build before it.
const RUN_TYPESCRIPT = `
  const options = { jsc: { target: 'es2022', parser: { syntax: 'typescript' } }, module: { type: 'commonjs' } };
  const { transformFileSync } = require('@swc/core');
  require.extensions['.ts'] = (module, file) => module._compile(transformFileSync(file, options).code, file);
  require('./dev/model/main.ts');`;

test('the process says its port and ends at once on SIGTERM', async () => {
  const child = spawn(process.execPath, ['-e', RUN_TYPESCRIPT], {
    cwd: join(__dirname, '../..'),
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const exited = once(child, 'exit');
  const first = await Promise.race([once(child.stdout, 'data'), exited.then(() => null)]);
  const port = /^listening (\d+)$/m.exec(String(first?.[0]))?.[1];
  expect((await fetch(`http://127.0.0.1:${port}/healthz`)).status).toBe(200);
  child.kill('SIGTERM');
  expect(await exited).toEqual([0, null]);
});
