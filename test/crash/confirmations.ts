import { setTimeout as pause } from 'node:timers/promises';
import { patientCall } from '../harness/chat';
import { newEmail } from './driver';
import type { Scenario, Stage } from './driver';
import { askNetwork, finish, join, until } from './network';
import type { Player } from './network';

const settings = { MOORING_RATE_LIMIT_REGISTRATIONS: '1000', MOORING_RATE_LIMIT_APPROVALS: '100000' };

/** People who say yes or no to what agents ask for. */
export const CONFIRMATIONS: Scenario[] = [
  { name: 'a person confirms on the page what an agent asks for', settings, run: confirmOnPage },
  { name: 'a person confirms with a code what cannot be undone', settings, run: confirmWithCode },
  { name: 'a person comes to stand behind an agent', settings, run: standBehind },
  {
    name: 'nobody confirms, reminded once',
    settings: { ...settings, MOORING_R2_DEADLINE_MS: '4000' },
    run: nobodyConfirms,
  },
];

interface Asked {
  id: string;
  sender: Player;
  receiver: Player;
  email: string;
}

async function askPerson(stage: Stage, risk: 'R2' | 'R3'): Promise<Asked> {
  const email = newEmail();
  const { access_token: token } = await patientCall(stage.api, () => '')<{ access_token: string }>(
    'POST',
    '/dev/sign-in',
    { email },
  );
  const [sender, receiver] = [await join(stage, {}, token), await join(stage)];
  const id = await askNetwork(sender, receiver, { risk_level: risk, description: 'Write to Ann' });
  await finish(receiver, `/v1/tasks/${id}/accept`);
  return { id, sender, receiver, email };
}

/** What the mail that matches has at this place: the mail server is not killed, the platform may be. */
async function mailed(stage: Stage, { email }: { email: string }, part: RegExp): Promise<string> {
  for (;;) {
    const found = (await stage.mailsTo(email)).map(({ text }) => part.exec(text)?.[0]);
    const one = found.find((text) => text !== undefined);
    if (one !== undefined) return one;
    await pause(20);
  }
}

/** Once for each mail that the person was to get, however often it was sent. */
async function expectMails(stage: Stage, { email }: Asked, subjects: RegExp[]): Promise<void> {
  const got = (await stage.mailsTo(email)).map(({ subject }) => subject).reverse();
  const fits = got.length === subjects.length && subjects.every((one, at) => one.test(got[at] ?? ''));
  if (!fits) throw new Error(`mailed: ${got.join(', ')}`);
}

/** A press as a browser makes it, again while nobody answers. */
async function press({ api }: Stage, path: string, fields?: Record<string, string>): Promise<void> {
  for (;;) {
    const answer = await fetch(api() + path, {
      ...(fields === undefined ? {} : { method: 'POST', body: new URLSearchParams(fields) }),
      redirect: 'manual',
    }).catch(() => null);
    if (answer !== null && answer.status < 400) return;
    if (answer !== null && answer.status < 500) throw new Error(`${path}: ${answer.status}`);
    await pause(50);
  }
}

async function confirmOnPage(stage: Stage): Promise<void> {
  const yes = await askPerson(stage, 'R2');
  const link = new URL(await mailed(stage, yes, /http\S+/)).pathname;
  await press(stage, link);
  await press(stage, link, { do: 'approve', note: 'go on' });
  await until(yes.sender, yes.id, 'in_progress');
  await finish(yes.receiver, `/v1/tasks/${yes.id}/complete`, { result: 1 });
  await expectMails(stage, yes, [/needs your yes or no/]);
  const no = await askPerson(stage, 'R2');
  await press(stage, new URL(await mailed(stage, no, /http\S+/)).pathname, { do: 'decline' });
  await until(no.sender, no.id, 'cancelled');
}

async function confirmWithCode(stage: Stage): Promise<void> {
  const asked = await askPerson(stage, 'R3');
  const link = new URL(await mailed(stage, asked, /http\S+/)).pathname;
  const token = link.split('/').at(-1);
  await press(stage, link, { do: 'send-code' });
  const code = await mailed(stage, asked, /^\d{6}/);
  const confirm = patientCall(stage.api, () => '');
  await confirm('GET', `/v1/public/approve?token=${token ?? ''}`);
  await confirm('POST', `/v1/tasks/${asked.id}/confirm-human`, { confirmed: true, token, code });
  await until(asked.sender, asked.id, 'in_progress');
  await finish(asked.receiver, `/v1/tasks/${asked.id}/complete`);
  await expectMails(stage, asked, [/needs your yes or no/, /^Your code/]);
}

async function standBehind(stage: Stage): Promise<void> {
  const email = newEmail();
  const agent = await join(stage, { owner_email: email });
  const code = await mailed(stage, { email }, /^\d{6}/);
  await agent.call('POST', '/v1/agents/me/owner-email/verify', { code });
  const next = newEmail();
  await agent.call('POST', '/v1/agents/me/owner-email', { email: next });
  await mailed(stage, { email: next }, /^\d{6}/);
}

async function nobodyConfirms(stage: Stage): Promise<void> {
  const asked = await askPerson(stage, 'R2');
  await until(asked.sender, asked.id, 'expired');
}
