// The test of sample-agent: node --test
import assert from 'node:assert/strict';
import { createHmac } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { once } from 'node:events';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { actions, createAgent } from './agent.mjs';

// ---- What the agent does: change this part ------------------------------------------------------------------------

test('counts days and working days', async () => {
  const { body } = await call({
    command: 'working_days',
    arguments: { from: '2026-03-02', to: '2026-03-20' },
  });
  assert.deepEqual(body, { ok: true, output: { days: 19, working_days: 15 } });
});

test('says what is wrong with arguments that it cannot work on', async () => {
  const { status, body } = await call({
    command: 'working_days',
    arguments: { from: '2026-02-30', to: 'x' },
  });
  assert.equal(status, 200);
  assert.deepEqual(body, {
    ok: false,
    error_code: 'invalid_arguments',
    error: 'from: must be a date such as 2026-03-02',
  });
});

// ---- The contract: keep this part ---------------------------------------------------------------------------------

test('is healthy and says what it offers', async () => {
  const health = await (await fetch(`${url}/health`)).json();
  assert.deepEqual([health.status, health.ready], ['ok', true]);
  const offer = await (await fetch(`${url}/capabilities`)).json();
  assert.deepEqual(
    offer.actions.map(({ name }) => name),
    actions.map(({ name }) => name),
  );
});

test('refuses a wrong key, a changed body and an old signature', async () => {
  const example = { command: actions[0].name, arguments: {} };
  for (const change of [{ key: 'wrong' }, { sent: '{"command":"other"}' }, { ageSeconds: 600 }]) {
    assert.equal((await call(example, change)).status, 401, JSON.stringify(change));
  }
});

test('answers the same key with its first answer', async () => {
  const [action] = actions;
  const properties = Object.entries(action.input_schema.properties);
  const args = Object.fromEntries(properties.map(([name, { examples = [] }]) => [name, examples[0]]));
  const first = await call({ command: action.name, arguments: args }, { id: 'tsk_same' });
  const again = await call({ command: action.name, arguments: {} }, { id: 'tsk_same' });
  assert.equal(first.body.ok, true);
  assert.deepEqual(again, first);
});

test('answers an unknown command and a body that is no JSON', async () => {
  const unknown = await call({ command: 'no_such_command', arguments: {} });
  assert.deepEqual([unknown.status, unknown.body.ok], [200, false]);
  assert.equal((await call('no JSON')).status, 400);
});

const keys = {
  orchestrator_key: 'key of the test',
  signing_secret: `whsec_${Buffer.from('secret of the test').toString('base64')}`,
};
const folder = mkdtempSync(join(tmpdir(), 'agent-test-'));
const server = createAgent({ keys: () => keys, answers: join(folder, 'answers.jsonl') });
let url = '';
let calls = 0;

before(async () => {
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  url = `http://127.0.0.1:${server.address().port}`;
});

after(() => {
  server.close();
  server.closeAllConnections();
  rmSync(folder, { recursive: true });
});

/** Calls /invoke as the platform does, but for what `change` says. */
async function call(content, change = {}) {
  const id = change.id ?? `tsk_${(calls += 1)}`;
  const body = typeof content === 'string' ? content : JSON.stringify(content);
  const at = String(Math.floor(Date.now() / 1000) - (change.ageSeconds ?? 0));
  const secret = Buffer.from(keys.signing_secret.slice('whsec_'.length), 'base64');
  const response = await fetch(`${url}/invoke`, {
    method: 'POST',
    headers: {
      'content-type': 'application/json',
      'x-orchestrator-key': change.key ?? keys.orchestrator_key,
      'idempotency-key': id,
      'webhook-id': id,
      'webhook-timestamp': at,
      'webhook-signature': `v1,${createHmac('sha256', secret).update(`${id}.${at}.${body}`).digest('base64')}`,
    },
    body: change.sent ?? body,
  });
  return { status: response.status, body: await response.json() };
}
