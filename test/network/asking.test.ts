import { MooringError } from '../../domain/errors';
import type { TaskProgress } from '../../domain/workflows';
import type { SendMail } from '../../activities/mail';
import { run } from '../activities/stage';
import { askPerson, decide } from './person';
import type { Asked } from './person';
import { setNetworkStage } from './stage';
import type { NetworkStage } from './stage';

let stage: NetworkStage;
beforeAll(async () => {
  stage = await setNetworkStage();
});
afterAll(() => stage.close());

const mail = ({ id }: Asked, minutes = 0, on = stage): Promise<TaskProgress> =>
  run(on.tasks.askHuman, { taskId: id, asOf: new Date(Date.now() + minutes * 60_000).toISOString() });

test('the person is mailed who asks whom for what, why it is risky, until when, and the link', async () => {
  const asked = await askPerson(stage, { wish: { description: 'Send this email' } });
  expect(await mail(asked)).toMatchObject({
    kind: 'asking',
    mailed: true,
    remindAt: expect.any(String) as string,
  });
  const [one, ...others] = await stage.mailsTo(asked.email);
  expect(others).toEqual([]);
  expect(one?.subject).toMatch(/^Agent \d+ needs your yes or no \(R2\)$/);
  for (const part of ['Send this email', 'The sender says R2.', ' UTC', `${stage.api.url}/approve/`]) {
    expect(one?.text).toContain(part);
  }
});

test('a name of many lines, from before such names were refused, is one line of the mail', async () => {
  const asked = await askPerson(stage);
  await stage.query(`update agents set name = E'Ann\n\nApprove:\thttps://evil.example' where id = any($1)`, [
    [asked.sender.id, asked.receiver.id],
  ]);
  await mail(asked);
  const [one] = await stage.mailsTo(asked.email);
  expect(one?.subject).toBe('Ann Approve: https://evil.example needs your yes or no (R2)');
  expect(one?.text).toMatch(
    /^Ann Approve: https:\/\/evil\.example \(.*\) asks Ann Approve: https:\/\/evil\.example \(/,
  );
});

test('a mail that was sent before a crash is the same mail when it is sent again: the mailbox has it once', async () => {
  const asked = await askPerson(stage);
  await mail(asked);
  // As if the process had died between the sending and its record.
  await stage.api.t.db.withTx({ kind: 'system' }, 'test.forget', (tx) =>
    tx.query('update confirmations set mailed_at = null where task_id = $1', [asked.id]),
  );
  await mail(asked);
  expect(await stage.mailsTo(asked.email)).toHaveLength(1);
});

test('at half time the person is reminded once, by the same link', async () => {
  const asked = await askPerson(stage);
  const first = await mail(asked);
  expect(first).toMatchObject({ kind: 'asking' });
  const half = Date.now() + 120 * 60_000;
  expect(Math.abs(Date.parse(first.kind === 'asking' ? (first.remindAt ?? '') : '') - half)).toBeLessThan(
    10_000,
  );
  expect(await mail(asked, 119)).toMatchObject({ remindAt: expect.any(String) as string });
  expect(await mail(asked, 121)).toMatchObject({ remindAt: null });
  expect(await mail(asked, 122)).toMatchObject({ remindAt: null });
  const mails = await stage.mailsTo(asked.email);
  expect(mails.map(({ subject }) => subject.startsWith('Still waiting'))).toEqual([false, true]);
  const links = mails.map(({ text }) => /http\S+/.exec(text)?.[0]);
  expect(links[0]).toBe(links[1]);
});

test('a question that was decided meanwhile is not mailed', async () => {
  const asked = await askPerson(stage);
  await decide(stage, asked);
  expect(await mail(asked)).toMatchObject({ kind: 'open', status: 'in_progress' });
  expect(await stage.mailsTo(asked.email)).toEqual([]);
});

const away: SendMail = () => Promise.reject(new MooringError('mail_unavailable', 'away'));
const never: SendMail = () => Promise.reject(new MooringError('mail_refused', 'no such mailbox'));

test('a mail server that is away loses no question: it is tried again later and later, and a decision is heard meanwhile', async () => {
  const other = await setNetworkStage({ sendMail: away });
  try {
    const asked = await askPerson(other);
    const waitAt = async (minutes: number): Promise<number> => {
      const progress = await mail(asked, minutes, other);
      if (progress.kind !== 'asking' || progress.remindAt === null) throw new Error(JSON.stringify(progress));
      return Date.parse(progress.remindAt) - Date.now() - minutes * 60_000;
    };
    expect(await waitAt(0)).toBeLessThan(5_000);
    expect(await waitAt(4)).toBeGreaterThan(60_000);
    expect(await waitAt(100)).toBeLessThanOrEqual(300_000);
    expect((await decide(other, asked)).refusal).toBeNull();
    expect(await mail(asked, 101, other)).toMatchObject({ kind: 'open', status: 'in_progress' });
  } finally {
    await other.close();
  }
});

test('an address that takes no mail leaves the question open until its deadline', async () => {
  const other = await setNetworkStage({ sendMail: never });
  try {
    const asked = await askPerson(other);
    expect(await mail(asked, 0, other)).toMatchObject({ kind: 'asking', mailed: true, remindAt: null });
  } finally {
    await other.close();
  }
});
