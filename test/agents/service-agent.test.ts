import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import type { Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { z } from 'zod';
import { openCallLog } from '../../dev/agents/call-log';
import { DEMO_AGENTS } from '../../dev/agents/catalogue';
import { checker } from '../../dev/agents/checker/checker';
import { unitConverter } from '../../dev/agents/converter/unit-converter';
import { createNewsletterSender } from '../../dev/agents/newsletter/newsletter-sender';
import { qrMaker } from '../../dev/agents/qr/qr-maker';
import { createAgentServer } from '../../dev/agents/server';
import { tableAnalyst } from '../../dev/agents/table/table-analyst';
import { textAnalyst } from '../../dev/agents/text/text-analyst';
import { get, invoke, invokeBody, newKeys, post, signedHeaders } from './platform';

const folder = mkdtempSync(join(tmpdir(), 'mooring-agent-'));
const keys = newKeys();
const newsletterSender = createNewsletterSender({ smtpPort: 0 });
const servers: Server[] = [];
const work = { key: 'tsk_any', command: 'readability', args: { text: 'The cat sat on the mat.' } };
let textPort = 0;
let tablePort = 0;

const listen = async (name: string, agent: typeof textAnalyst) => {
  const log = openCallLog(join(folder, `${name}.jsonl`));
  const server = createAgentServer({ agent, keys, log, slowMs: 20 });
  server.once('close', log.close);
  servers.push(server.listen(0, '127.0.0.1'));
  await once(server, 'listening');
  return (server.address() as AddressInfo).port;
};

beforeAll(async () => {
  textPort = await listen('text', textAnalyst);
  tablePort = await listen('table', tableAnalyst);
});

afterAll(async () => {
  for (const server of servers) {
    const closed = once(server, 'close');
    server.close();
    server.closeAllConnections();
    await closed;
  }
  rmSync(folder, { recursive: true, force: true });
});

const callsOf = async (key: string) => {
  const { body } = await get(textPort, '/calls');
  return (body['calls'] as { idempotency_key: string; attempt: number; status: string }[])
    .filter((call) => call.idempotency_key === key)
    .map(({ attempt, status }) => `${attempt} ${status}`);
};

test('capabilities say what each action takes and gives, as JSON Schema with a word on every field', async () => {
  const Schema = z.object({
    type: z.literal('object'),
    properties: z.record(z.string(), z.object({ description: z.string().min(20) }).loose()),
    required: z.array(z.string()).min(1),
  });
  const Capabilities = z.object({
    message: z.string().min(1),
    actions: z.array(
      z.strictObject({
        name: z.string(),
        description: z.string().min(20),
        input_schema: Schema.loose(),
        output_schema: z.object({ type: z.literal('object') }).loose(),
        price: z.string().optional(),
        risk_level: z.enum(['R0', 'R2']),
      }),
    ),
  });
  const text = Capabilities.parse((await get(textPort, '/capabilities')).body);
  const table = Capabilities.parse((await get(tablePort, '/capabilities')).body);
  expect(text.actions.map(({ name, price }) => [name, price])).toEqual([
    ['readability', '0.05'],
    ['keywords', '0.05'],
  ]);
  expect(table.actions.map(({ name, price }) => [name, price])).toEqual([
    ['types', undefined],
    ['statistics', undefined],
    ['outliers', undefined],
  ]);
  expect(text.actions[0]?.input_schema.properties).toMatchObject({ text: { maxLength: 50_000 } });
});

test('the catalogue prices what the capabilities price', () => {
  const agents = [textAnalyst, tableAnalyst, unitConverter, qrMaker, checker, newsletterSender];
  for (const [index, agent] of agents.entries()) {
    const prices = new Set(agent.actions.map(({ listing }) => listing.price ?? '0'));
    expect([...prices]).toEqual([DEMO_AGENTS[index]?.pricing_summary.from_usdc]);
  }
  expect(new Set(DEMO_AGENTS.map(({ pricing_summary }) => pricing_summary.from_usdc)).size).toBe(6);
});

test('what an agent does wrong on purpose, its listing and its own words say', () => {
  const labelled = [unitConverter, qrMaker, checker].map(({ message }, index) => {
    const { description } = DEMO_AGENTS[index + 2] ?? DEMO_AGENTS[0];
    return [message, description].map((words) => /on purpose/.test(words));
  });
  expect(labelled).toEqual([
    [false, false],
    [true, true],
    [true, true],
  ]);
  expect(newsletterSender.actions.map(({ listing }) => listing.risk_level)).toEqual(['R2']);
});

test('one agent fails every third call that it receives with 503, and the retry of it succeeds', async () => {
  const port = await listen('third', checker);
  const ask = (key: string) => invoke(port, keys, { key, command: 'check_json', args: { json: '[]' } });
  const statuses: number[] = [];
  for (const key of ['a', 'b', 'c', 'c', 'd', 'e', 'e', 'c']) statuses.push((await ask(key)).status);
  expect(statuses).toEqual([200, 200, 503, 200, 200, 503, 200, 200]);
  const { body } = await get(port, '/calls');
  expect((body['calls'] as { idempotency_key: string; status: string }[]).slice(2, 4)).toMatchObject([
    { idempotency_key: 'c', attempt: 1, status: 'failed' },
    { idempotency_key: 'c', attempt: 2, status: 'completed' },
  ]);
});

test('it fails every third call also when all of them come before the first one is done', async () => {
  let begun = 0;
  const [check] = checker.actions;
  if (check === undefined) throw new Error('the checker has no action');
  let allBegan = (): void => undefined;
  const four = new Promise<void>((resolve) => (allBegan = resolve));
  const perform: typeof check.perform = async (...call) => {
    begun += 1;
    if (begun === 4) allBegan();
    await four;
    return check.perform(...call);
  };
  const port = await listen('third-of-six', { ...checker, actions: [{ ...check, perform }] });
  const ask = async (key: string) =>
    (await invoke(port, keys, { key, command: 'check_json', args: { json: '[]' } })).status;
  const statuses = await Promise.all(['a', 'b', 'c', 'd', 'e', 'f'].map(ask));
  expect(statuses.filter((status) => status === 503)).toHaveLength(2);
  expect(await Promise.all(['g', 'h', 'i'].map(ask))).toHaveLength(3);
  const { body } = await get(port, '/calls');
  const failed = (body['calls'] as { status: string }[]).filter(({ status }) => status === 'failed');
  expect(failed).toHaveLength(3);
});

test('one agent is slow: the work is recorded at once, and the answer comes later', async () => {
  expect(qrMaker.slowMs).toBe(3_000);
  const port = await listen('slow', { ...qrMaker, slowMs: 400 });
  const from = performance.now();
  const first = invoke(port, keys, {
    key: 'slow',
    command: 'make_qr',
    args: { text: 'https://example.org' },
  });
  for (;;) {
    const { body } = await get(port, '/calls');
    if ((body['calls'] as unknown[]).length === 1) break;
  }
  expect(performance.now() - from).toBeLessThan(400);
  expect(await first).toMatchObject({ body: { ok: true } });
  expect(performance.now() - from).toBeGreaterThan(380);
});

test('an invocation is answered with the output', async () => {
  const csv = 'day,sold\n2024-03-01,5\n2024-03-02,7';
  expect(await invoke(textPort, keys, work)).toMatchObject({ status: 200, body: { ok: true, output: {} } });
  expect(
    await invoke(tablePort, keys, { key: 'tsk_csv', command: 'statistics', args: { csv } }),
  ).toMatchObject({
    status: 200,
    body: { ok: true, output: { table: { rows: 2 } } },
  });
});

test('a wrong key, a foreign signature, a changed body and an old time are all 401', async () => {
  const body = invokeBody(work);
  const good = signedHeaders(keys, work.key, body);
  const old = String(Math.floor(Date.now() / 1000) - 600);
  const attempts = [
    post(textPort, body, { ...good, 'x-orchestrator-key': 'wrong' }),
    post(textPort, body, {
      ...good,
      ...signedHeaders(newKeys(), work.key, body),
      'x-orchestrator-key': keys.orchestrator_key,
    }),
    post(textPort, body.replace('cat', 'dog'), good),
    post(textPort, body, { ...good, 'webhook-timestamp': old }),
    post(textPort, body, { ...good, 'webhook-signature': 'v1' }),
    post(textPort, Buffer.concat([Buffer.from(body), Buffer.from([0xff])]), good),
    post(textPort, body, { 'x-orchestrator-key': keys.orchestrator_key }),
  ];
  for (const res of await Promise.all(attempts)) {
    expect([res.status, await res.json()]).toEqual([
      401,
      expect.objectContaining({ ok: false, error_code: 'auth_failed' }),
    ]);
  }
});

test('a body that is no invocation is 400 with the field, and one over 1 MiB is 413', async () => {
  const send = async (body: string) => {
    const res = await post(textPort, body, signedHeaders(keys, 'tsk_bad', body));
    return [res.status, await res.json()] as unknown;
  };
  expect(await send('not json')).toEqual([
    400,
    expect.objectContaining({ ok: false, error_code: 'invalid_request' }),
  ]);
  expect(await send(invokeBody(work).replace('"command"', '"kommando"'))).toEqual([
    400,
    expect.objectContaining({ error: expect.stringContaining('command: ') as unknown }),
  ]);
  expect(await send(' '.repeat(1024 * 1024 + 1))).toEqual([
    413,
    expect.objectContaining({ error_code: 'body_too_large' }),
  ]);
});

test('invalid arguments and unknown actions are answers, not failures', async () => {
  expect(await invoke(textPort, keys, { key: 'tsk_args', command: 'keywords', args: { text: '' } })).toEqual({
    status: 200,
    body: { ok: false, error_code: 'invalid_arguments', error: 'text: must not be empty' },
  });
  expect(await invoke(textPort, keys, { key: 'tsk_what', command: 'dance', args: {} })).toMatchObject({
    status: 200,
    body: { ok: false, error_code: 'unknown_action' },
  });
  expect(await callsOf('tsk_args')).toEqual(['1 refused']);
});

test('two calls of one key at the same time have one effect', async () => {
  const call = { ...work, key: 'tsk_twice' };
  const [one, two] = await Promise.all([invoke(textPort, keys, call), invoke(textPort, keys, call)]);
  expect(one).toEqual(two);
  expect(await callsOf('tsk_twice')).toEqual(['1 completed', '2 replayed']);
});

test('#agent:500 fails the first call of a key and the retry succeeds', async () => {
  const call = { ...work, key: 'tsk_500', args: { text: 'Now fail. #agent:500' } };
  expect((await invoke(textPort, keys, call)).status).toBe(500);
  expect(await invoke(textPort, keys, call)).toMatchObject({ status: 200, body: { ok: true } });
  expect(await callsOf('tsk_500')).toEqual(['1 failed', '2 completed']);
});

test('#agent:fail, slow, garbage and huge do what they say', async () => {
  const ask = async (name: string) => {
    const body = invokeBody({ ...work, key: name, args: { text: `A text. #agent:${name}` } });
    return post(textPort, body, signedHeaders(keys, name, body));
  };
  expect(await (await ask('fail')).json()).toMatchObject({ ok: false, error_code: 'failed_on_purpose' });
  expect(await (await ask('slow')).json()).toMatchObject({ ok: true });
  expect((await ask('garbage')).headers.get('content-type')).toBe('text/html');
  expect((await (await ask('huge')).text()).length).toBeGreaterThan(2 * 1024 * 1024);
});

test('#agent:hang is recorded and never answered', async () => {
  const body = invokeBody({ ...work, args: { text: '#agent:hang' } });
  const gone = new AbortController();
  const hanging = fetch(`http://127.0.0.1:${textPort}/invoke`, {
    method: 'POST',
    body,
    headers: signedHeaders(keys, 'tsk_hang', body),
    signal: gone.signal,
  });
  const outcome = hanging.then(
    () => 'answered',
    () => 'aborted',
  );
  while ((await callsOf('tsk_hang')).length === 0);
  gone.abort();
  expect(await outcome).toBe('aborted');
  expect(await callsOf('tsk_hang')).toEqual(['1 failed']);
});
