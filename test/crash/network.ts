import { randomBytes } from 'node:crypto';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { setTimeout as pause } from 'node:timers/promises';
import { patientCall, Refused } from '../harness/chat';
import type { Call } from '../harness/chat';
import { newEmail } from './driver';
import type { Scenario, Stage } from './driver';

// All agents of a run come from one address.
const settings = { MOORING_RATE_LIMIT_REGISTRATIONS: '1000' };

/** Agents that ask each other over `/v1`. */
export const NETWORK: Scenario[] = [
  { name: 'an agent asks another, which is told by its webhook', settings, run: askOverTheNetwork },
  { name: 'agents of the network come, change and go', settings, run: comeAndGo },
];

export interface Player {
  id: string;
  key: string;
  call: Call;
}

export async function join(
  stage: Stage,
  wish: Record<string, unknown> = {},
  token?: string,
): Promise<Player> {
  const slug = `a-${randomBytes(6).toString('hex')}`;
  const stranger = patientCall(stage.api, () => token ?? '');
  // An answer that was lost holds a key that nobody has: the agent comes again under another name.
  const { id, api_key: key } = await stranger<{ id: string; api_key: string }>(
    'POST',
    '/v1/agents/register',
    {
      slug,
      display_name: 'An agent',
      ...wish,
    },
  ).catch((error: unknown) => {
    if (!(error instanceof Refused)) throw error;
    return stranger<{ id: string; api_key: string }>('POST', '/v1/agents/register', {
      slug: `${slug}-2`,
      display_name: 'An agent',
      ...wish,
    });
  });
  return { id, key, call: patientCall(stage.api, () => key) };
}

export const askNetwork = async (
  from: Player,
  to: Player,
  wish: Record<string, unknown> = {},
): Promise<string> =>
  (
    await from.call<{ id: string }>('POST', '/v1/tasks', {
      to_agent_id: to.id,
      task_type: 'service_request',
      idempotency_key: randomBytes(8).toString('hex'),
      ...wish,
    })
  ).id;

const statusOf = async ({ call }: Player, id: string): Promise<string> =>
  (await call<{ status: string }>('GET', `/v1/tasks/${id}`)).status;

export async function until(player: Player, id: string, wished: string): Promise<void> {
  // Slow enough for the limit of an agent that reads.
  while ((await statusOf(player, id)) !== wished) await pause(60);
}

async function untilRun({ temporal }: Stage, workflowId: string, activity: string): Promise<void> {
  const handle = temporal.workflow.getHandle(workflowId);
  const isScheduled = async (): Promise<boolean> => {
    const { events } = await handle.fetchHistory().catch(() => ({ events: [] }));
    return (events ?? []).some(
      (event) => event.activityTaskScheduledEventAttributes?.activityType?.name === activity,
    );
  };
  while (!(await isScheduled())) await pause(20);
}

/** Whoever asks again after a lost answer is told that it was done. */
export async function finish(player: Player, path: string, body: unknown = {}): Promise<void> {
  await player.call('POST', path, body).catch((error: unknown) => {
    if (!(error instanceof Refused && error.message.includes('invalid_state_transition'))) throw error;
  });
}

async function askOverTheNetwork(stage: Stage): Promise<void> {
  const heard: string[] = [];
  const server = createServer((req, res) => {
    req.resume();
    heard.push(String(req.headers['webhook-id']));
    res.end();
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  try {
    const { port } = server.address() as AddressInfo;
    const [ann, ben] = [await join(stage), await join(stage, { endpoint: `http://127.0.0.1:${port}/` })];
    const id = await askNetwork(ann, ben, {
      description: 'Count these words',
      payload_inline: { text: 'one two' },
    });
    await until(ann, id, 'delivered');
    requireOnceALife(stage, heard, [id]);
    await ready(stage);
    await ben.call('GET', '/v1/tasks/inbox');
    await finish(ben, `/v1/tasks/${id}/accept`);
    await ann.call('POST', `/v1/tasks/${id}/messages`, { content: 'How far are you?' });
    await ben.call('GET', `/v1/tasks/${id}/messages`);
    await leaveFiles(stage, { ben, id });
    await finish(ben, `/v1/tasks/${id}/complete`, { result: { words: 2 } });
    await done(() => ann.call('POST', `/v1/tasks/${id}/rating`, { rating: 4 }));
    const { result } = await ann.call<{ result: unknown }>('GET', `/v1/tasks/${id}`);
    if (JSON.stringify(result) !== '{"words":2}') throw new Error('the result is lost');
    const other = await askNetwork(ann, ben);
    await finish(ben, `/v1/tasks/${other}/decline`, { reason: 'no time' });
    const third = await askNetwork(ann, ben);
    await finish(ben, `/v1/tasks/${third}/accept`);
    await finish(ben, `/v1/tasks/${third}/fail`, { reason: 'broken' });
    requireOnceALife(stage, heard, [id, other, third]);
  } finally {
    server.closeAllConnections();
    server.close();
  }
}

/** The platform sends signals itself from then on; before, they are left to its relay. */
const ready = ({ api }: Stage): Promise<unknown> => patientCall(api, () => '')('GET', '/readyz');

/** Each task is told under its own id, the first for certain, and none more often than the platform has lived. */
function requireOnceALife({ deaths }: Stage, heard: string[], tasks: string[]): void {
  const most = 1 + deaths();
  const times = tasks.map((task) => heard.filter((id) => id === task).length);
  const strange = heard.some((id) => !tasks.includes(id));
  if (strange || times[0] === 0 || times.some((count) => count > most))
    throw new Error(`${tasks.join(' ')} told ${times.join(' ')} times of ${heard.length} in ${most} lives`);
}

/** One as bytes, one by its address; a name is taken once, however often it is sent. */
async function leaveFiles({ api }: Stage, { ben, id }: { ben: Player; id: string }): Promise<void> {
  const path = `/v1/tasks/${id}/artifacts`;
  await done(() => ben.call('PUT', `${path}/words.txt`, 'one two'));
  await done(() => ben.call('POST', path, { name: 'film', url: 'https://files.example/film' }));
  const { artifacts } = await ben.call<{ artifacts: { id: string; name: string }[] }>(
    'GET',
    `/v1/tasks/${id}`,
  );
  if (artifacts.map(({ name }) => name).join() !== 'words.txt,film')
    throw new Error('files are lost or doubled');
  const file = artifacts[0]?.id ?? '';
  for (;;) {
    const answer = await fetch(`${api()}${path}/${file}`, {
      headers: { authorization: `Bearer ${ben.key}` },
    }).catch(() => null);
    if (answer?.ok === true && (await answer.text()) === '"one two"') return;
    await pause(50);
  }
}

/** What was done before its answer was lost is refused when it is asked for again. */
const done = (work: () => Promise<unknown>): Promise<unknown> =>
  work().catch((error: unknown) => {
    if (!(error instanceof Refused && error.message.includes('conflict'))) throw error;
  });

async function comeAndGo(stage: Stage): Promise<void> {
  const person = patientCall(stage.api, () => '');
  const { access_token: token } = await person<{ access_token: string }>('POST', '/dev/sign-in', {
    email: newEmail(),
  });
  const [ann, ben] = [await join(stage, {}, token), await join(stage)];
  await ben.call('POST', '/v1/agents/me/webhook', { endpoint: 'http://127.0.0.1:9/' });
  await ben.call('PATCH', '/v1/agents/me', { bio: 'counts words' });
  await ben.call('POST', '/v1/agents/me/webhook/test', { idempotency_key: 'tried out' });
  await ben.call('DELETE', '/v1/agents/me/webhook');
  await ann.call('GET', `/v1/agents/${ben.id}`);
  await ann.call('GET', '/v1/agents/me');
  const id = await askNetwork(ann, ben, { risk_level: 'R2' });
  await finish(ben, `/v1/tasks/${id}/accept`);
  await until(ann, id, 'waiting_human_confirm');
  await untilRun(stage, `task/${id}`, 'askHuman');
  await finish(ann, `/v1/tasks/${id}/cancel`);
  const gone = async (work: () => Promise<unknown>): Promise<void> => {
    await work().catch((error: unknown) => {
      if (!(error instanceof Refused)) throw error;
    });
  };
  const left = await askNetwork(ann, ben);
  await finish(ben, `/v1/tasks/${left}/accept`);
  await gone(() => ben.call('DELETE', `/v1/agents/${ben.id}`));
  await until(ann, left, 'failed');
  await gone(() => ann.call('POST', `/v1/agents/${ann.id}/rotate-key`));
}
