import { setTimeout as pause } from 'node:timers/promises';
import { openChat } from '../harness/chat';
import type { Chat } from '../harness/chat';
import { createMachine } from '../harness/platform';
import type { Machine } from '../harness/platform';
import { startCollector } from './collector';
import type { CollectedSpan, Collector } from './collector';

let collector: Collector;
let machine: Machine;
beforeAll(async () => {
  collector = await startCollector();
  machine = await createMachine({ OTEL_EXPORTER_OTLP_ENDPOINT: collector.endpoint });
}, 60_000);
afterAll(async () => {
  await machine.close();
  await collector.close();
});

const SECRET_WORDS = 'The committee will review the proposal';
const ASK = `How readable is this text: ${SECRET_WORDS}. Then it decides. People wait for the answer.`;
const MESSAGE = 'POST /api/sessions/:id/messages';

/** All spans, once there is one that fits. */
async function collected(fits: (span: CollectedSpan) => boolean): Promise<CollectedSpan[]> {
  while (!collector.spans().some(fits)) await pause(50);
  return collector.spans();
}

/** The trace of the message of this chat, once it has a span of this name. */
async function traceOf(chat: Chat, name: string): Promise<CollectedSpan[]> {
  const isRoot = (span: CollectedSpan): boolean =>
    span.name === MESSAGE && said(span, 'mooring.session') === chat.sessionId;
  const traceId = (await collected(isRoot)).find(isRoot)?.traceId;
  const all = await collected((span) => span.traceId === traceId && span.name === name);
  return all.filter((span) => span.traceId === traceId);
}

const said = (span: CollectedSpan, key: string): unknown =>
  Object.values(span.attributes.find((attribute) => attribute.key === key)?.value ?? {})[0];

/** The names from a span up to the one that has no parent in the trace. */
function wayUp(trace: CollectedSpan[], span: CollectedSpan | undefined): string[] {
  if (span === undefined) return [];
  return [
    span.name,
    ...wayUp(
      trace,
      trace.find(({ spanId }) => spanId === span.parentSpanId),
    ),
  ];
}

/**
 * The way from a span up to the root of its trace, once the root has come: each program sends
 * its own spans, each when it has ended, so children come first.
 */
async function wayTo(root: string, span: CollectedSpan | undefined): Promise<string[]> {
  const way = (): string[] =>
    wayUp(
      collector.spans().filter(({ traceId }) => traceId === span?.traceId),
      span,
    );
  await collected(() => way().at(-1) === root);
  return way();
}

async function hire(email: string): Promise<Chat> {
  const chat = await openChat(machine.api, email);
  await chat.say('m1', ASK);
  await chat.answer(true);
  await chat.until(({ type }) => type === 'TURN_END');
  await chat.until(({ type }) => type === 'PAYMENT_SUCCESSFUL');
  return chat;
}

test('one trace leads from a message through workflow and activity to the call of the agent', async () => {
  await machine.startPlatform();
  const chat = await hire('trace@example.test');
  const trace = await traceOf(chat, 'POST /invoke');
  const invoked = trace.find(({ name }) => name === 'POST /invoke');
  expect(await wayTo(MESSAGE, invoked)).toEqual([
    'POST /invoke',
    'activity deliverTask',
    'workflow task',
    'activity hireAgent',
    // A message that finds its chat begun already is heard by the signal's own span.
    expect.stringMatching(/^workflow chatSession(\.messageArrived)?$/),
    MESSAGE,
  ]);
  const names = new Set((await traceOf(chat, 'model')).map(({ name }) => name));
  for (const name of [
    'model',
    'tx turn.record-step',
    'signal chatSession',
    'start task',
    'GET /capabilities',
  ]) {
    expect(names).toContain(name);
  }
  // Whatever is recorded before its parent has ended is joined by it.
  const isPart = ({ traceId }: CollectedSpan): boolean => traceId === trace[0]?.traceId;
  await collected(() => {
    const parts = collector.spans().filter(isPart);
    const ids = new Set(parts.map(({ spanId }) => spanId));
    return parts.every(({ name, parentSpanId }) => name === MESSAGE || ids.has(parentSpanId ?? ''));
  });
}, 60_000);

test('the approval of a payment leads to the workflow that holds and captures', async () => {
  const holds = collector.spans().filter(({ name }) => name === 'activity authorizePayment');
  expect(holds).toHaveLength(1);
  expect(await wayTo('POST /api/sessions/:id/responses', holds[0])).toEqual([
    'activity authorizePayment',
    'workflow payment.paymentDecided',
    'POST /api/sessions/:id/responses',
  ]);
});

test('a platform that is killed in the middle: what it did and what the next one does are one trace', async () => {
  await machine.startPlatform(['delivery.answered']);
  const chat = await hire('killed@example.test');
  expect(machine.deaths()).toBe(1);
  const trace = await traceOf(chat, 'POST /invoke');
  const deliveries = trace.filter(({ name }) => name === 'activity deliverTask');
  expect(deliveries.map((span) => Number(said(span, 'mooring.attempt')))).toEqual([2]);
  expect(new Set(trace.map(({ traceId }) => traceId)).size).toBe(1);
}, 60_000);

test('a message whose signal was left behind by a crash keeps its trace over the relay', async () => {
  await machine.startPlatform(['dispatch.before']);
  // Before it is ready it would leave the signal to the relay by itself.
  const ready = () =>
    fetch(`${machine.api()}/readyz`).then(
      ({ ok }) => ok,
      () => false,
    );
  while (!(await ready())) await pause(50);
  const chat = await openChat(machine.api, 'relay@example.test');
  await chat.say('m1', 'What can you do?');
  await chat.until(({ type }) => type === 'TURN_END');
  const isSignal = (span: CollectedSpan): boolean =>
    span.name === 'signal chatSession' && said(span, 'mooring.workflow') === `session/${chat.sessionId}`;
  const traceId = (await collected(isSignal)).find(isSignal)?.traceId;
  // The request itself was killed before it had ended; its turn is in the trace that it began.
  await collected((span) => span.name === 'model' && span.traceId === traceId);
  expect(machine.deaths()).toBe(1);
}, 60_000);

test('spans hold names, ids and numbers: nothing that a person or an agent wrote, and no key', () => {
  const text = collector.text();
  expect(text).toContain('mooring.session');
  for (const secret of [SECRET_WORDS, 'readable', 'example.test', 'whsec_', 'Bearer', 'ok_text-analyst']) {
    expect(text).not.toContain(secret);
  }
});
