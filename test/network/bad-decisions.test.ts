import { SYSTEM } from '../../domain/principal';
import { unchanged } from '../api/bad-input';
import { askPerson, decide, letPass } from './person';
import type { Asked } from './person';
import { refusal, refuserOf } from './refusals';
import { setNetworkStage } from './stage';
import type { NetworkReply, NetworkStage } from './stage';

let stage: NetworkStage;
beforeAll(async () => {
  stage = await setNetworkStage();
});
afterAll(() => stage.close());
const expectRefused = refuserOf(() => stage);

/** A question with its link's token, to which the person has said nothing. */
async function question(risk: 'R2' | 'R3' = 'R2'): Promise<{ asked: Asked; token: string }> {
  const asked = await askPerson(stage, { risk });
  const [row] = await stage.api.t.db.withTx(SYSTEM, 'test.question', (tx) =>
    tx.query<{ id: string }>('select id from confirmations where task_id = $1', [asked.id]),
  );
  return { asked, token: new URL(stage.links.urlOf(row?.id ?? '')).pathname.split('/').at(-1) ?? '' };
}
const confirm = async (id: string, raw: unknown): Promise<NetworkReply> => {
  const answer = await stage.api.call(`/v1/tasks/${id}/confirm-human`, { body: raw });
  return { ...answer, body: answer.body as unknown as NetworkReply['body'] };
};

test('a decision with a token that is wrong, foreign or of another form is refused', async () => {
  const [mine, other] = [await question(), await question()];
  const { id } = mine.asked;
  const flipped = `${mine.token.slice(0, -1)}${mine.token.endsWith('A') ? 'B' : 'A'}`;
  for (const token of [other.token, flipped, mine.token.toLowerCase(), '', ' ', `${mine.token} `, 'x']) {
    await expectRefused(() => confirm(id, { confirmed: true, token }), { status: 404, code: 'not_found' });
  }
  for (const task of [other.asked.id, `tsk_${'0'.repeat(21)}`, 'tsk_%00']) {
    await expectRefused(() => confirm(task, { confirmed: true, token: mine.token }), {
      status: 404,
      code: 'not_found',
    });
  }
  const wrong: [Record<string, unknown>, string][] = [
    [{ token: mine.token }, 'confirmed'],
    [{ confirmed: 'yes', token: mine.token }, 'confirmed'],
    [{ confirmed: 1, token: mine.token }, 'confirmed'],
    [{ confirmed: true }, 'token'],
    [{ confirmed: true, token: [mine.token] }, 'token'],
    [{ confirmed: true, token: mine.token, note: 'x'.repeat(501) }, 'note'],
    [{ confirmed: true, token: mine.token, code: 123456 }, 'code'],
  ];
  for (const [body, field] of wrong) {
    await expectRefused(() => confirm(id, body), { status: 422, field });
  }
});

test('a decision with a token that was used, or whose time is over, is refused', async () => {
  const used = await question();
  await decide(stage, used.asked);
  await expectRefused(() => confirm(used.asked.id, { confirmed: false, token: used.token }), {
    status: 409,
    code: 'confirmation_not_open',
  });
  const old = await question();
  await letPass(stage, old.asked);
  expect((await confirm(old.asked.id, { confirmed: true, token: old.token })).status).toBe(410);
  for (const confirmed of [true, false]) {
    await expectRefused(() => confirm(old.asked.id, { confirmed, token: old.token }), {
      status: 410,
      code: 'confirmation_expired',
    });
  }
  const taken = await question();
  await taken.asked.sender.call(`/v1/tasks/${taken.asked.id}/cancel`, { body: {} });
  await expectRefused(() => confirm(taken.asked.id, { confirmed: true, token: taken.token }), {
    status: 409,
    code: 'confirmation_not_open',
  });
});

test('the key of one side decides nothing of the other', async () => {
  const { asked } = await question();
  for (const player of [asked.sender, asked.receiver]) {
    await player.call('/v1/agents/me');
    const answer = await unchanged(stage.api, () =>
      player.call(`/v1/tasks/${asked.id}/complete`, { body: { result: 1 } }),
    );
    expect(refusal(answer)).toMatchObject({ status: 409, code: 'invalid_state_transition' });
  }
});

const SCANNERS = [
  'Mozilla/5.0 (compatible; MSIE 10.0; Windows NT 6.2) SafeLinks',
  'GoogleImageProxy',
  'Barracuda Sentinel (EE)',
  'Slackbot-LinkExpanding 1.0',
  'facebookexternalhit/1.1',
  'curl/8.5.0',
  '',
];

test('whatever looks into mails before their reader decides nothing, and the reader then does', async () => {
  const { asked, token } = await question();
  const paths = [`/approve/${token}`, `/approve?token=${token}`, `/v1/public/approve?token=${token}`];
  await unchanged(stage.api, async () => {
    for (const agent of SCANNERS) {
      for (const path of paths) {
        for (const method of ['GET', 'HEAD', 'OPTIONS', 'PROPFIND', 'PUT', 'DELETE']) {
          const headers = { 'user-agent': agent, purpose: 'prefetch', 'sec-purpose': 'prefetch;prerender' };
          const { status } = await fetch(stage.api.url + path, { method, headers, redirect: 'manual' });
          expect([method, status < 400]).toEqual([method, ['GET', 'HEAD', 'OPTIONS'].includes(method)]);
        }
      }
    }
  });
  expect((await confirm(asked.id, { confirmed: true, token })).body['status']).toBe('in_progress');
});

test('a yes in one tab and a no in another, at once, are one decision, and each page says which', async () => {
  for (let round = 0; round < 10; round += 1) {
    const { asked, token } = await question();
    const press = async (said: 'approve' | 'decline') => {
      const answer = await fetch(`${stage.api.url}/approve/${token}`, {
        method: 'POST',
        body: new URLSearchParams({ do: said }),
        redirect: 'manual',
      });
      return { said, status: answer.status, page: await answer.text() };
    };
    const tabs = await Promise.all((['approve', 'decline', 'approve', 'decline'] as const).map(press));
    const won = tabs.find(({ status }) => status === 303)?.said;
    expect(won).toBeDefined();
    for (const { said, status, page } of tabs) {
      expect([said, status]).toEqual([said, said === won ? 303 : 409]);
      if (said !== won) expect(page).toContain(won === 'approve' ? 'approved already' : 'declined already');
    }
    const { body } = await asked.sender.call(`/v1/tasks/${asked.id}`);
    expect(body['status']).toBe(won === 'approve' ? 'in_progress' : 'cancelled');
  }
});
