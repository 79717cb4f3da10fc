import { readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { compileAgents, startAgents } from './agents-process';
import type { AgentsProcess } from './agents-process';
import { get, invoke, newKeys } from './platform';
import type { Keys } from './platform';

const compiled = compileAgents();
const SLUGS = [
  'text-analyst',
  'table-analyst',
  'unit-converter',
  'qr-maker',
  'checker',
  'newsletter-sender',
] as const;
const keys = Object.fromEntries(SLUGS.map((slug) => [slug, newKeys()])) as Record<
  (typeof SLUGS)[number],
  Keys
>;
const running = new Set<AgentsProcess>();

const start = async () => {
  const agents = await startAgents(compiled.folder, keys);
  running.add(agents);
  return agents;
};

const portOf = (agents: AgentsProcess, slug: string) => agents.ports[slug] ?? 0;

afterAll(async () => {
  await Promise.all([...running].map(({ kill }) => kill('SIGKILL')));
  compiled.remove();
});

test('all six listen and are healthy within three seconds, and SIGTERM ends them at once', async () => {
  const agents = await start();
  expect(Object.keys(agents.ports)).toEqual(SLUGS);
  for (const port of Object.values(agents.ports)) {
    expect(await get(port, '/health')).toMatchObject({ status: 200, body: { status: 'ok', ready: true } });
  }
  expect(await agents.kill('SIGTERM')).toBe(0);
});

test('a key that was answered is answered the same after a kill, as a second call with one effect', async () => {
  const call = { key: 'tsk_replay', command: 'readability', args: { text: 'The cat sat on the mat.' } };
  const before = await start();
  const first = await invoke(portOf(before, 'text-analyst'), keys['text-analyst'], call);
  await before.kill('SIGKILL');
  // What a kill in the middle of an append leaves behind.
  const file = join(compiled.folder, 'records/text-analyst.jsonl');
  writeFileSync(file, '{"idempotency_key":"tsk_cut', { flag: 'a' });

  const after = await start();
  const again = await invoke(portOf(after, 'text-analyst'), keys['text-analyst'], {
    ...call,
    args: { text: 'Other words than before.' },
  });
  expect(again).toEqual(first);
  expect(first).toMatchObject({ status: 200, body: { ok: true } });

  const { body } = await get(portOf(after, 'text-analyst'), '/calls');
  expect(body['calls']).toEqual([
    expect.objectContaining({
      idempotency_key: 'tsk_replay',
      action: 'readability',
      attempt: 1,
      status: 'completed',
    }),
    expect.objectContaining({
      idempotency_key: 'tsk_replay',
      action: 'readability',
      attempt: 2,
      status: 'replayed',
    }),
  ]);
  const lines = readFileSync(file, 'utf8').trimEnd().split('\n');
  expect(lines.map((line) => 'answer' in (JSON.parse(line) as object))).toEqual([true, false]);
});

test('each agent keeps a record of its own', async () => {
  const agents = await start();
  const call = { key: 'tsk_table', command: 'types', args: { csv: 'a,b\n1,2' } };
  await invoke(portOf(agents, 'table-analyst'), keys['table-analyst'], call);
  const text = await get(portOf(agents, 'text-analyst'), '/calls');
  const table = await get(portOf(agents, 'table-analyst'), '/calls');
  expect(JSON.stringify(text.body)).not.toContain('tsk_table');
  expect(table.body).toMatchObject({ calls: [{ idempotency_key: 'tsk_table', status: 'completed' }] });
});

test('a setting that is missing stops the start, named with its rule', async () => {
  await expect(startAgents(compiled.folder, { 'text-analyst': newKeys() })).rejects.toThrow(
    /MOORING_AGENT_KEYS: table-analyst: /,
  );
});

const newsletter = (key: string, recipients: string[]) => ({
  key,
  command: 'send_newsletter',
  args: { recipients, subject: 'Märzbrief', text: 'The harbour opens again on 21 March.\nSee you there.' },
});
const mailsTo = async (agents: AgentsProcess, to: string) =>
  (await get(agents.mailbox.http, `/mails?to=${to}`)).body['messages'] as Record<string, string>[];

test('a newsletter is in the mailbox once for each recipient, though its agent dies before the answer', async () => {
  const call = newsletter('tsk_letter', ['ann@example.org', 'Bob@example.org', 'ann@example.org']);
  const before = await start();
  const first = await invoke(portOf(before, 'newsletter-sender'), keys['newsletter-sender'], call);
  expect(first.body).toMatchObject({ ok: true, output: { summary: 'Sent “Märzbrief” to 2 recipients.' } });
  await before.kill('SIGKILL');
  // As if the kill had come between the mail and the record of it.
  rmSync(join(compiled.folder, 'records/newsletter-sender.jsonl'));

  const after = await start();
  const again = await invoke(portOf(after, 'newsletter-sender'), keys['newsletter-sender'], call);
  expect(again).toEqual(first);
  const mails = [...(await mailsTo(after, 'ann@example.org')), ...(await mailsTo(after, 'bob@EXAMPLE.org'))];
  expect(mails).toEqual(
    ['ann@example.org', 'bob@example.org'].map((to) => ({
      id: expect.stringMatching(/^mail_/) as unknown,
      at: expect.stringMatching(/^20\d\d-.*Z$/) as unknown,
      to: to === 'ann@example.org' ? to : 'Bob@example.org',
      from: 'Fairpost <newsletter@fairpost.example>',
      subject: 'Märzbrief',
      text: expect.stringContaining('opens again on 21 March.\nSee you') as unknown,
      html: '',
    })),
  );
  await invoke(
    portOf(after, 'newsletter-sender'),
    keys['newsletter-sender'],
    newsletter('tsk_two', ['ann@example.org']),
  );
  expect(await mailsTo(after, 'ann@example.org')).toHaveLength(2);
});

const check = async (
  agents: AgentsProcess,
  key: string,
  work: { command: string; args: Record<string, unknown> },
) => {
  const call = { key, ...work };
  const answer = await invoke(portOf(agents, 'checker'), keys.checker, call);
  // Every third call fails on purpose; the retry of it succeeds.
  return answer.status === 503 ? invoke(portOf(agents, 'checker'), keys.checker, call) : answer;
};

test('a regex is tried on a text with matches and groups', async () => {
  const agents = await start();
  const args = { pattern: '(?<year>\\d{4})-(\\d\\d)', text: 'from 2024-02 to 2025-03' };
  expect((await check(agents, 'tsk_r1', { command: 'test_regex', args })).body).toMatchObject({
    ok: true,
    output: {
      matches: true,
      matches_whole_text: false,
      count: 2,
      found: [
        {
          match: '2024-02',
          position: 5,
          groups: [
            { name: '1', value: '2024' },
            { name: '2', value: '02' },
            { name: 'year', value: '2024' },
          ],
        },
        { match: '2025-03' },
      ],
    },
  });
  const bad = { pattern: '(a', text: 'a' };
  expect((await check(agents, 'tsk_r2', { command: 'test_regex', args: bad })).body).toMatchObject({
    ok: false,
    error_code: 'pattern_invalid',
  });
});

test('a pattern that runs away is stopped and refused in words, and the agents go on answering', async () => {
  const agents = await start();
  const args = { pattern: '^(a+)+$', text: `${'a'.repeat(50)}!` };
  const slow = check(agents, 'tsk_slow', { command: 'test_regex', args });
  const health = await get(portOf(agents, 'text-analyst'), '/health');
  expect(health.status).toBe(200);
  expect((await slow).body).toMatchObject({
    ok: false,
    error_code: 'too_slow',
    error: expect.stringContaining('within a second') as unknown,
  });
  const schema = JSON.stringify({ items: { pattern: '^(a+)+$' } });
  const document = JSON.stringify([`${'a'.repeat(50)}!`]);
  const held = await check(agents, 'tsk_s', { command: 'check_json_schema', args: { document, schema } });
  expect(held.body).toMatchObject({ ok: false, error_code: 'too_slow' });
});

test('a document is held against a JSON Schema of draft 2020-12, with the path of each fault', async () => {
  const agents = await start();
  const schema = JSON.stringify({
    $schema: 'https://json-schema.org/draft/2020-12/schema',
    type: 'object',
    properties: { tags: { prefixItems: [{ type: 'string' }], items: false }, age: { minimum: 0 }, name: {} },
    required: ['name'],
    additionalProperties: false,
  });
  const ask = async (key: string, args: Record<string, unknown>) =>
    (await check(agents, key, { command: 'check_json_schema', args })).body as { output: object };
  expect(await ask('tsk_c1', { schema, document: '{"tags":["a",1],"age":-1,"extra":true}' })).toMatchObject({
    ok: true,
    output: {
      valid: false,
      count: 4,
      errors: expect.arrayContaining([
        { path: '/', rule: 'required', message: "must have required property 'name'" },
        { path: '/', rule: 'additionalProperties', message: 'must NOT have additional properties: extra' },
        { path: '/age', rule: 'minimum', message: 'must be >= 0' },
      ]) as unknown,
    },
  });
  expect(await ask('tsk_c2', { schema, document: '{"name":"Ann","tags":["a"]}' })).toMatchObject({
    output: { valid: true, summary: 'The document keeps the schema.' },
  });
  expect(await ask('tsk_c3', { schema: '{"type":"strange"}', document: '1' })).toMatchObject({
    error_code: 'schema_invalid',
  });
  expect(await ask('tsk_c4', { schema, document: '{' })).toMatchObject({ error_code: 'invalid_json' });
});
