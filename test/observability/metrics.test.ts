import { setTimeout as pause } from 'node:timers/promises';
import { freePort } from '../../dev/supervisor/ports';
import { openChat } from '../harness/chat';
import type { Chat } from '../harness/chat';
import { createMachine } from '../harness/platform';
import type { Machine } from '../harness/platform';

let machine: Machine;
let sdkPort: number;
beforeAll(async () => {
  sdkPort = await freePort();
  machine = await createMachine({
    MOORING_LOG_LEVEL: 'info',
    MOORING_TEMPORAL_METRICS: `127.0.0.1:${sdkPort}`,
  });
  await machine.startPlatform();
}, 60_000);
afterAll(() => machine.close());

const figures = async (url = `${machine.api()}/metrics`): Promise<string> => (await fetch(url)).text();

/** The sum of all series of this name whose labels have these values. */
function sum(text: string, name: string, labels: Record<string, string> = {}): number {
  return text
    .split('\n')
    .filter((line) => line.startsWith(`${name}{`) || line.startsWith(`${name} `))
    .filter((line) => Object.entries(labels).every(([key, value]) => line.includes(`${key}="${value}"`)))
    .reduce((total, line) => total + Number(line.slice(line.lastIndexOf(' '))), 0);
}

async function hire(email: string, mark = ''): Promise<Chat> {
  const chat = await openChat(machine.api, email);
  await chat.say('m1', `How readable is this text: ${mark}The committee will review it. People wait.`);
  await chat.answer(true);
  return chat;
}

test('one hired agent is counted once, at each place that it passes', async () => {
  const chat = await hire('counted@example.test');
  await chat.until(({ type }) => type === 'TURN_END');
  await chat.until(({ type }) => type === 'PAYMENT_SUCCESSFUL');
  const text = await figures();
  expect(sum(text, 'mooring_messages_accepted_total', { way: 'rest' })).toBe(1);
  expect(sum(text, 'mooring_turns_total')).toBe(1);
  expect(sum(text, 'mooring_turns_total', { outcome: 'answered' })).toBe(1);
  for (const tool of ['vector_search', 'connect_agent', 'request_payment_confirmation', 'invoke_agent']) {
    expect(sum(text, 'mooring_tool_calls_total', { tool, outcome: 'done' })).toBe(1);
  }
  expect(sum(text, 'mooring_tool_calls_total')).toBe(4);
  expect(sum(text, 'mooring_payments_total')).toBe(1);
  expect(sum(text, 'mooring_payments_total', { state: 'CAPTURED' })).toBe(1);
  expect(sum(text, 'mooring_tasks_total', { status: 'completed' })).toBe(1);
  expect(sum(text, 'mooring_agent_call_seconds_count', { call: 'invoke', outcome: '2xx' })).toBe(1);
  const steps = sum(text, 'mooring_model_step_seconds_count', { outcome: 'ok' });
  expect(steps).toBeGreaterThan(3);
  expect(sum(text, 'mooring_fences_taken_total')).toBe(steps);
  expect(sum(text, 'mooring_model_tokens_total', { direction: 'output' })).toBeGreaterThan(0);
  expect(sum(text, 'mooring_signals_total', { by: 'dispatch', outcome: 'sent' })).toBeGreaterThan(3);
  expect(sum(text, 'mooring_transaction_seconds_count', { name: 'turn.record-step' })).toBe(steps);
  expect(sum(text, 'mooring_pool_connections')).toBeGreaterThan(0);
  expect(text).not.toMatch(/ses_|usr_|trn_|pay_|tsk_|example\.test/);
}, 60_000);

test('a process that slept: what Temporal gave up meanwhile is counted and said, and its work happens once', async () => {
  const before = sum(await figures(), 'mooring_false_timeouts_total');
  const calls = () => machine.agentCalls('text-analyst');
  const known = (await calls()).length;
  const chat = await hire('slept@example.test', '#agent:slow ');
  while ((await calls()).length === known) await pause(20);
  await machine.sleepPlatform(4_000);
  await chat.until(({ type }) => type === 'PAYMENT_SUCCESSFUL');
  const after = await figures();
  expect(sum(after, 'mooring_false_timeouts_total')).toBeGreaterThan(before);
  expect(sum(after, 'mooring_false_timeouts_total', { activity: 'deliverTask' })).toBe(1);
  const lines = machine
    .logged()
    .filter(({ msg }) => msg === 'an attempt was given up though its process lives');
  expect(lines.find(({ activity }) => activity === 'deliverTask')?.['workflow']).toMatch(/^task\//);
  const ends = (await chat.frames()).filter(({ type }) => type === 'TASK_UPDATE' || type === 'TURN_END');
  expect(ends.filter(({ data }) => data['status'] === 'completed')).toHaveLength(1);
}, 120_000);

test('while Temporal does not get its signals, the outbox says how many and for how long', async () => {
  await machine.startPlatform(['dispatch.before']);
  const chat = await openChat(machine.api, 'outbox@example.test');
  await chat.say('m1', 'Hello');
  await chat.until(({ type }) => type === 'TURN_END');
  while (sum(await figures(), 'mooring_signals_total', { by: 'relay', outcome: 'sent' }) === 0)
    await pause(50);
  while (!(await figures()).includes('\nmooring_outbox_unsent 0\n')) await pause(50);
}, 60_000);

test('the Temporal SDK serves its own figures where it is told to', async () => {
  const text = await figures(`http://127.0.0.1:${sdkPort}/metrics`);
  expect(text).toContain('temporal_worker_task_slots_available');
  expect(text).toContain('_seconds_bucket');
});
