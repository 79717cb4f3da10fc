import { setTimeout as pause } from 'node:timers/promises';
import { Client, Connection } from '@temporalio/client';
import { defaultPayloadConverter } from '@temporalio/common';
import WebSocket from 'ws';
import { openChat } from '../harness/chat';
import { createMachine } from '../harness/platform';
import type { Machine } from '../harness/platform';

let machine: Machine;
let connection: Connection;
let client: Client;
beforeAll(async () => {
  machine = await createMachine({ MOORING_LOG_LEVEL: 'info' });
  await machine.startPlatform();
  connection = await Connection.connect({ address: machine.temporalAddress });
  client = new Client({ connection });
}, 60_000);
afterAll(async () => {
  await connection.close();
  await machine.close();
});

type Line = Record<string, unknown>;

/** The first line of the log that says this of this request. */
async function lineOf(requestId: unknown, msg: string): Promise<Line> {
  for (;;) {
    const line = machine.logged().find((one) => one['request_id'] === requestId && one['msg'] === msg);
    if (line !== undefined) return line;
    await pause(50);
  }
}

/** What the Temporal UI shows of a run at the top. */
async function currentDetails(workflowId: string): Promise<string> {
  const handle = client.workflow.getHandle(workflowId);
  const { currentDetails: words = '' } = await handle.query<{ currentDetails?: string }>(
    '__temporal_workflow_metadata',
  );
  return words;
}

test('a failed turn: from the error on the page to the log line to the run', async () => {
  const chat = await openChat(machine.api, 'complaint@example.test');
  await chat.say('m1', 'Hello #model:400');
  const error = await chat.until(({ type }) => type === 'ERROR');
  const requestId = error.data['request_id'];
  const end = await chat.until(({ type }) => type === 'TURN_END');
  expect(error.data['turn_id']).toBe(end.data['turn_id']);

  // 1. The line of the request that the person sent.
  const session = chat.sessionId;
  expect(await lineOf(requestId, 'request')).toMatchObject({
    method: 'POST',
    path: `/api/sessions/${session}/messages`,
    session,
    workflow: `session/${session}`,
  });
  // 2. The line of what failed for it, with the run.
  const failed = await lineOf(requestId, 'an activity failed');
  expect(failed).toMatchObject({
    workflow: `session/${session}`,
    activity: 'askModel',
    code: 'model_refused',
  });
  // 3. The run: its words name the request, and so does the event that failed.
  const workflowId = String(failed['workflow']);
  const run = client.workflow.getHandle(workflowId, String(failed['run']));
  expect((await run.describe()).status.name).toBe('RUNNING');
  expect(await currentDetails(workflowId)).toContain(
    `Turn 1 ended: failed, model_refused, request ${String(requestId)}.`,
  );
  const { events } = await run.fetchHistory();
  const failures = (events ?? []).flatMap(
    ({ activityTaskFailedEventAttributes: attributes }) =>
      attributes?.failure?.applicationFailureInfo?.details?.payloads?.map((payload) =>
        defaultPayloadConverter.fromPayload(payload),
      ) ?? [],
  );
  expect(failures).toEqual([{ request_id: requestId }]);
}, 60_000);

test('the run of a payment and of a task know the request too', async () => {
  const chat = await openChat(machine.api, 'paid@example.test');
  await chat.say('m1', 'How readable is this text: The committee will review it. People wait.');
  await chat.answer(true);
  await chat.until(({ type }) => type === 'TURN_END');
  const requestTo = (path: string): unknown =>
    machine.logged().find((line) => line['path'] === `/api/sessions/${chat.sessionId}/${path}`)?.[
      'request_id'
    ];
  const workflowOf = (activity: string, requestId: unknown): unknown =>
    machine.logged().find((line) => line['activity'] === activity && line['request_id'] === requestId)?.[
      'workflow'
    ];
  expect(workflowOf('deliverTask', requestTo('messages'))).toMatch(/^task\/tsk_/);
  expect(workflowOf('authorizePayment', requestTo('responses'))).toMatch(/^payment\/pay_/);
  // What went well says its run as well.
  const done = machine.logged().filter(({ msg }) => msg === 'done');
  expect(done.length).toBeGreaterThan(3);
  expect(done.filter(({ run }) => !/^[\da-f-]{36}$/.test(String(run)))).toEqual([]);
}, 60_000);

test('a refused request, a refused frame and a refused socket each have an id that is in the log', async () => {
  const answer = await fetch(`${machine.api()}/api/sessions/ses_x`);
  const { error } = (await answer.json()) as { error: { request_id: string } };
  expect(answer.headers.get('x-request-id')).toBe(error.request_id);
  expect(await lineOf(error.request_id, 'request')).toMatchObject({ status: 401, code: 'auth_failed' });

  const post = async <T>(path: string, token: string, body: object): Promise<T> => {
    const headers = { 'content-type': 'application/json', authorization: `Bearer ${token}` };
    const init = { method: 'POST', headers, body: JSON.stringify(body) };
    return (await (await fetch(`${machine.api()}${path}`, init)).json()) as T;
  };
  const email = { email: 'frames@example.test' };
  const { access_token: token } = await post<{ access_token: string }>('/dev/sign-in', '', email);
  const chat = await post<{ session_id: string; token: string; ws_url: string }>('/api/sessions', token, {});
  const ws = new WebSocket(chat.ws_url);
  ws.once('open', () => ws.send(JSON.stringify({ type: 'AUTH', data: { token: chat.token } })));
  const told = new Promise<string>((resolve) => {
    ws.on('message', (data: Buffer) => {
      const frame = JSON.parse(data.toString()) as { type: string; data: { request_id: string } };
      if (frame.type === 'SESSION_READY') ws.send('{"type":"DANCE","id":"d1"}');
      if (frame.type === 'ERROR') resolve(frame.data.request_id);
    });
  });
  expect(await lineOf(await told, 'frame')).toMatchObject({
    frame: 'unknown',
    code: 'invalid_request',
    session: chat.session_id,
  });
  ws.close();

  const refused = new WebSocket(`${machine.api().replace('http', 'ws')}/ws/nowhere`);
  const headers = await new Promise<Record<string, unknown>>((resolve) => {
    refused.on('unexpected-response', (_req, res) => resolve(res.headers));
    refused.on('error', () => undefined);
  });
  expect(await lineOf(headers['x-request-id'], 'socket refused')).toMatchObject({ status: '404 Not Found' });
}, 60_000);
