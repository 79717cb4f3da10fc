import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { compileAgents, startAgents } from './agents-process';
import type { AgentsProcess } from './agents-process';
import { get, invoke, newKeys } from './platform';

const compiled = compileAgents();
const keys = { 'text-analyst': newKeys(), 'table-analyst': newKeys() };
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

test('both agents listen and are healthy within three seconds, and SIGTERM ends them at once', async () => {
  const agents = await start();
  expect(Object.keys(agents.ports)).toEqual(['text-analyst', 'table-analyst']);
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
