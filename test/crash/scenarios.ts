import { randomBytes } from 'node:crypto';
import { setTimeout as pause } from 'node:timers/promises';
import { ApplicationFailure, AsyncCompletionClient } from '@temporalio/client';
import { WebSocket } from 'ws';
import { createClient } from '../../sdk/client';
import { NetworkError } from '../../sdk/errors';
import { patientCall, Refused } from '../harness/chat';
import type { Call } from '../harness/chat';
import { ask, decide, hiring, newEmail, open, turnEnd } from './driver';
import type { Scenario, Stage } from './driver';
import { BREAKERS } from './breakers';
import { CONFIRMATIONS } from './confirmations';
import { MONEY } from './money';
import { NETWORK } from './network';
import { RISKY } from './risky';
import { STOPS_AND_QUESTIONS } from './stops-and-questions';

export const SCENARIOS: Scenario[] = [
  { name: 'an agent is hired, works and is paid', run: hiring('') },
  { name: 'the person declines', run: hiring('', false) },
  { name: 'the agent says no', run: hiring('#agent:fail ') },
  {
    name: 'the agent fails once and is tried again',
    settings: { MOORING_DELIVERY_DELAYS_MS: '0,300,300,300' },
    run: hiring('#agent:500 '),
  },
  {
    name: 'nobody answers the payment',
    settings: { MOORING_PAYMENT_DEADLINE_MS: '2500' },
    run: async (stage) => void (await turnEnd(await open(stage, ask()))),
  },
  {
    name: 'the agent answers after the turn has ended',
    settings: { MOORING_HUMAN_WAIT_MS: '1500' },
    run: async (stage) => {
      const chat = await open(stage, ask('#agent:slow '));
      await decide(chat, true, stage);
      await chat.until(({ type }) => type === 'PAYMENT_SUCCESSFUL');
    },
  },
  {
    name: 'an agent takes the work and reports later',
    run: hiring('#agent:later '),
  },
  {
    name: 'the task expires',
    settings: {
      MOORING_TASK_TTL_MS: '2500',
      MOORING_INVOKE_TIMEOUT_MS: '500',
      MOORING_DELIVERY_DELAYS_MS: '0,60000',
    },
    run: hiring('#agent:hang '),
  },
  {
    name: 'the model refuses for good',
    // Words of its own: the stand-in refuses the same words once, and would take them the second time.
    run: async (stage) =>
      void (await turnEnd(await open(stage, `Hello ${randomBytes(4).toString('hex')} #model:400`), 'failed')),
  },
  {
    name: 'the model is overloaded once',
    run: async (stage) => void (await turnEnd(await open(stage, 'Hello #model:529'), 'answered')),
  },
  {
    name: 'the model finds a request too long once',
    run: async (stage) => void (await turnEnd(await open(stage, 'Hello #model:413'), 'answered')),
  },
  {
    name: 'a chat closes when nobody writes',
    settings: { MOORING_SESSION_IDLE_MS: '1500', MOORING_RECONCILE_INTERVAL_MS: '1000' },
    run: async (stage) => {
      const chat = await open(stage, 'Hello');
      await chat.until(({ type }) => type === 'SESSION_CLOSED');
    },
  },
  ...STOPS_AND_QUESTIONS,
  ...NETWORK,
  ...BREAKERS,
  ...CONFIRMATIONS,
  ...RISKY,
  ...MONEY,
  { name: 'a signal was left behind', after: ['dispatch.before'], run: hiring('') },
  { name: 'a call was under way', after: ['delivery.answered'], run: hiring('') },
  {
    name: 'an operator fails a tool by hand',
    after: ['searchAgents.start'],
    run: async (stage) => {
      const chat = await open(stage, ask());
      await failByHand(stage, `session/${chat.sessionId}`, 'searchAgents');
      await turnEnd(chat);
    },
  },
  {
    name: 'an operator fails a delivery by hand',
    after: ['deliverTask.start'],
    run: async (stage) => {
      const chat = await open(stage, ask());
      await decide(chat, true, stage);
      const hired = await chat.until(({ type, data }) => type === 'STATUS' && data['task_id'] !== undefined);
      await failByHand(stage, `task/${String(hired.data['task_id'])}`, 'deliverTask');
      await turnEnd(chat);
    },
  },
  { name: 'a person looks around over REST', run: lookAround },
  { name: 'a program works with a key until it is revoked', run: useAKey },
  { name: 'an agent is hired over the socket', run: overTheSocket },
  {
    name: 'a price is approved by what the person said when they opened the chat',
    run: async (stage) => {
      const chat = await open(stage, ask(), { auto_approve_usdc: '0.05' });
      await turnEnd(chat, 'answered');
      await chat.until(({ type }) => type === 'PAYMENT_SUCCESSFUL');
    },
  },
  {
    name: 'a chat is erased when its work is done',
    run: async (stage) => {
      const chat = await open(stage, ask());
      await decide(chat, true, stage);
      await turnEnd(chat, 'answered');
      await chat.erase();
    },
  },
  {
    name: 'a chat is erased while an agent works for it',
    run: async (stage) => {
      const chat = await open(stage, ask('#agent:slow '));
      await decide(chat, true, stage);
      await chat.until(({ type, data }) => type === 'STATUS' && data['task_id'] !== undefined);
      await chat.erase();
    },
  },
  { name: 'an agent is listed, checked, approved and taken off', run: listAnAgent },
];

async function lookAround(stage: Stage): Promise<void> {
  const email = newEmail();
  let login = { access_token: '', refresh_token: '' };
  const call = patientCall(stage.api, () => login.access_token);
  login = await call('POST', '/dev/sign-in', { email });
  try {
    login = await call('POST', '/api/auth/refresh', { refresh_token: login.refresh_token });
  } catch (error) {
    // Its answer was lost in the crash, and a token that was used is worth nothing: sign in again.
    if (!(error instanceof Refused)) throw error;
    login = await call('POST', '/dev/sign-in', { email });
  }
  const { session_id: id } = await call<{ session_id: string }>('POST', '/api/sessions', {});
  await call('GET', '/api/sessions');
  await call('GET', `/api/sessions/${id}`);
  await call('POST', `/api/sessions/${id}/token`);
  await call('GET', `/api/sessions/${id}/events?after_seq=0&limit=10&wait=0`);
  await call('GET', '/api/me');
  await call('GET', '/api/wallet');
}

async function useAKey({ api }: Stage): Promise<void> {
  let token = '';
  const call = patientCall(api, () => token);
  token = (await call<{ access_token: string }>('POST', '/dev/sign-in', { email: newEmail() })).access_token;
  const { id, key } = await call<{ id: string; key: string }>('POST', '/api/keys', { name: 'nightly' });
  const byKey = patientCall(api, () => ({ 'x-api-key': key }));
  const { session_id: sessionId } = await byKey<{ session_id: string }>('POST', '/api/sessions', {});
  await byKey('GET', `/api/sessions/${sessionId}`);
  await call('GET', '/api/keys');
  await again(() => call('DELETE', `/api/keys/${id}`));
  const refused = await byKey('GET', '/api/sessions').then(
    () => false,
    (error: unknown) => error instanceof Refused,
  );
  if (!refused) throw new Error('a revoked key still opens');
}

/** As `temporal activity fail` does, while the process that ran the activity is dead. */
async function failByHand({ temporal, deaths }: Stage, workflowId: string, activity: string): Promise<void> {
  while (deaths() === 0) await pause(10);
  const { raw } = await temporal.workflow.getHandle(workflowId).describe();
  const pending = raw.pendingActivities?.find(({ activityType }) => activityType?.name === activity);
  if (typeof pending?.activityId !== 'string') throw new Error(`${activity} is not under way`);
  const { connection } = temporal;
  await new AsyncCompletionClient({ connection }).fail(
    { workflowId, activityId: pending.activityId },
    ApplicationFailure.nonRetryable('an operator has ended it', 'internal_error'),
  );
}

async function listAnAgent({ api, agentUrl }: Stage): Promise<void> {
  let token = '';
  const call = patientCall(api, () => token);
  const signIn = { email: 'test@mooring.local' };
  token = (await call<{ access_token: string }>('POST', '/dev/sign-in', signIn)).access_token;
  const listing = {
    name: `Second desk ${randomBytes(4).toString('hex')}`,
    description: 'Reads tables, as the first desk does.',
    base_url: agentUrl('table-analyst'),
  };
  const { id, slug } = await call<{ id: string; slug: string }>('POST', '/api/agents', listing);
  await requireOnce(call, { id, ...listing });
  await call('POST', `/api/agents/${id}/check`);
  await call('PATCH', `/api/agents/${id}`, { description: 'Reads tables.' });
  await call('POST', `/api/agents/${id}/rotate-keys`);
  await call('POST', `/api/agents/${id}/check`);
  await again(() =>
    call('POST', `/api/admin/agents/${id}/review`, { decision: 'approve', reason: 'it answers' }),
  );
  await call('GET', '/api/agents?q=desk');
  await call('GET', `/api/agents/${slug}`);
  await again(() => call('DELETE', `/api/agents/${id}`));
}

/** An answer that was lost, and asked for again, lists no second agent. */
async function requireOnce(
  call: Call,
  listing: { id: string; name: string; base_url: string },
): Promise<void> {
  interface Seen {
    id: string;
    owner_id: string;
    base_url: string;
  }
  const query = `q=${encodeURIComponent(listing.name)}&per_page=100`;
  const { agents } = await call<{ agents: { id: string }[] }>('GET', `/api/agents?${query}`);
  const seen = await Promise.all(agents.map(({ id }) => call<Seen>('GET', `/api/agents/${id}`)));
  const owner = seen.find(({ id }) => id === listing.id)?.owner_id;
  const own = seen.filter(({ owner_id, base_url }) => owner_id === owner && base_url === listing.base_url);
  if (own.length !== 1) throw new Error(`listed ${own.length} times: ${own.map(({ id }) => id).join(' ')}`);
}

/** What was done before its answer was lost is refused when it is asked for again. */
const again = (work: () => Promise<unknown>): Promise<unknown> =>
  work().catch((error: unknown) => {
    if (!(error instanceof Refused)) throw error;
  });

async function overTheSocket({ api, acknowledged }: Stage): Promise<void> {
  const client = createClient({ baseUrl: api(), WebSocket });
  const email = newEmail();
  await overRestarts(() => client.signInForDevelopment(email));
  const { session_id: sessionId } = await overRestarts(() => client.createSession());
  const connection = client.connectSession(sessionId, {
    delays: { soonMs: 50, backoffMs: 100, maxBackoffMs: 500, openMs: 5_000, socketAgainMs: 60_000 },
  });
  const content = ask();
  const { id: clientId, acked } = connection.send(content);
  void acked.then(() => acknowledged.messages.push({ sessionId, clientId, content }));
  for await (const frame of connection.frames) {
    if (frame.type === 'PAYMENT_REQUEST') {
      const { payment_id: paymentId } = frame.data;
      void connection
        .respond({ payment_id: paymentId, approved: true })
        .then(() => acknowledged.decisions.push({ paymentId, approved: true }));
    }
    if (frame.type === 'TURN_END') break;
  }
  await acked;
  connection.close();
}

async function overRestarts<T>(work: () => Promise<T>): Promise<T> {
  for (const from = Date.now(); ;) {
    try {
      return await work();
    } catch (error) {
      const away = error instanceof NetworkError || (error instanceof Error && /5\d\d/.test(error.message));
      if (!away || Date.now() - from > 30_000) throw error;
      await new Promise((resolve) => setTimeout(resolve, 50));
    }
  }
}
