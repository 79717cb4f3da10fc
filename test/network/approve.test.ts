import { approvalPathOf, askPerson, decide, letPass, linkOf } from './person';
import type { Asked } from './person';
import { setNetworkStage } from './stage';
import type { NetworkStage } from './stage';

let stage: NetworkStage;
beforeAll(async () => {
  stage = await setNetworkStage();
});
afterAll(() => stage.close());

const tokenOf = async (asked: Asked): Promise<string> => (await linkOf(stage, asked)).split('/').at(-1) ?? '';

interface Page {
  status: number;
  text: string;
  headers: Headers;
}
const look = async (path: string): Promise<Page> => {
  const answer = await fetch(stage.api.url + path, { redirect: 'manual' });
  return { status: answer.status, text: await answer.text(), headers: answer.headers };
};
const press = async (
  path: string,
  fields: Record<string, string>,
  headers: Record<string, string> = {},
): Promise<Page> => {
  const answer = await fetch(stage.api.url + path, {
    method: 'POST',
    body: new URLSearchParams(fields),
    headers,
    redirect: 'manual',
  });
  return { status: answer.status, text: await answer.text(), headers: answer.headers };
};
const statusOf = async ({ id, sender }: Asked): Promise<unknown> =>
  (await sender.call(`/v1/tasks/${id}`)).body['status'];

test('the page says who asks whom for what, the exact payload, why it is risky, and until when; no text of an agent becomes markup', async () => {
  const asked = await askPerson(stage, {
    wish: {
      description: 'Write <b>to</b> Ann',
      payload_inline: { to: '<script>alert(1)</script>', account: 'DE\u202e4312\u200b' },
    },
  });
  const link = await linkOf(stage, asked);
  for (const path of [link, link.replace('/approve/', '/approve/?token=')]) {
    const { status, text, headers } = await look(path);
    expect(status).toBe(200);
    expect(text).toContain('Write &lt;b&gt;to&lt;/b&gt; Ann');
    expect(text).toContain('&lt;script&gt;alert(1)&lt;/script&gt;');
    expect(text).not.toContain('<script>');
    expect(text).toContain('DE\\u202e4312\\u200b');
    expect(text).toContain('The sender says R2.');
    expect(text).toMatch(/Decide before.*UTC/s);
    expect(text).not.toContain(asked.email);
    expect(headers.get('cache-control')).toBe('no-store');
    expect(headers.get('referrer-policy')).toBe('same-origin');
  }
});

test('only a program at this machine, in development, is told the link while the question is open', async () => {
  const asked = await askPerson(stage);
  const read = (headers: Record<string, string> = {}) =>
    asked.sender.call(`/v1/tasks/${asked.id}`, { headers });
  expect(new URL(String((await read()).body['_dev_approval_url'])).pathname).toBe(await linkOf(stage, asked));
  expect((await read({ 'x-forwarded-for': '1.2.3.4' })).body).not.toHaveProperty('_dev_approval_url');
  await decide(stage, asked);
  expect((await read()).body).not.toHaveProperty('_dev_approval_url');
});

test('opening the page decides nothing, however often a scanner does, and neither does the inert first button', async () => {
  const asked = await askPerson(stage);
  const link = await linkOf(stage, asked);
  for (let times = 0; times < 5; times += 1) {
    await look(link);
    await fetch(stage.api.url + link, { method: 'HEAD' });
  }
  const inert = await press(link, { do: 'review', note: 'a <note>' });
  expect([inert.status, inert.text]).toEqual([200, expect.stringContaining('a &lt;note&gt;</textarea>')]);
  expect(await statusOf(asked)).toBe('waiting_human_confirm');
});

test('two tabs and a double click: one decision, and each page says which', async () => {
  const asked = await askPerson(stage);
  const link = await linkOf(stage, asked);
  const yes = await Promise.all([1, 2].map(() => press(link, { do: 'approve', note: 'go on' })));
  expect(yes.map(({ status }) => status)).toEqual([303, 303]);
  const no = await press(link, { do: 'decline' });
  expect(no.status).toBe(409);
  expect(no.text).toContain('approved already');
  expect(await statusOf(asked)).toBe('in_progress');
  const after = await look(link);
  expect(after.text).toContain('You approved it');
  expect(after.text).toContain('go on');
  expect(after.text).not.toContain('<form');
  expect(after.text).not.toContain('Exactly this will run');
});

test('a decline on the page cancels the task; a forwarded link only shows that', async () => {
  const asked = await askPerson(stage);
  const link = await linkOf(stage, asked);
  expect((await press(link, { do: 'decline' })).status).toBe(303);
  expect(await statusOf(asked)).toBe('cancelled');
  expect((await look(link)).text).toContain('You declined it');
  expect((await press(link, { do: 'approve' })).status).toBe(409);
});

test('a press after the deadline is refused with 410, and the task expires', async () => {
  const asked = await askPerson(stage);
  const link = await linkOf(stage, asked);
  await letPass(stage, asked);
  const late = await look(link);
  expect([late.status, late.text]).toEqual([410, expect.stringContaining('time of this approval is over')]);
  // Looked at in the row: an agent's own reading would end it.
  expect(await stage.query('select status from tasks where id = $1', [asked.id])).toEqual([
    { status: 'waiting_human_confirm' },
  ]);
  expect((await press(link, { do: 'approve' })).status).toBe(410);
  expect(await statusOf(asked)).toBe('expired');
  expect((await look(link)).text).toContain('expired');
});

test('a link that is no question is 404 in words, and a form from another page decides nothing', async () => {
  const asked = await askPerson(stage);
  const link = await linkOf(stage, asked);
  for (const path of ['/approve/x', '/approve/', `/approve/${'A'.repeat(64)}`]) {
    const { status, text } = await look(path);
    expect([path, status]).toEqual([path, 404]);
    expect(text).toContain('There is no such question');
  }
  expect((await press(`/approve/${'A'.repeat(64)}`, { do: 'approve' })).status).toBe(404);
  expect((await press(link, { do: 'approve' }, { origin: 'https://evil.example' })).status).toBe(403);
  const odd = await press(link, { do: 'something' });
  expect([odd.status, odd.headers.get('content-type')]).toEqual([400, expect.stringContaining('html')]);
  expect((await press(link, { do: 'approve', note: 'x'.repeat(501) })).status).toBe(400);
  expect(await statusOf(asked)).toBe('waiting_human_confirm');
});

test.each(['note', 'code'])(
  'U+0000 in the %s of the form is refused by name, and nothing is decided',
  async (field) => {
    const asked = await askPerson(stage);
    const { token } = await stage.api.signIn(asked.email);
    const mine = { authorization: `Bearer ${token}` };
    for (const path of [await linkOf(stage, asked), await approvalPathOf(stage, asked)]) {
      for (const wish of ['approve', 'decline']) {
        const { status, text } = await press(path, { do: wish, [field]: 'a\0' }, mine);
        expect([status, text]).toEqual([400, expect.stringContaining(`${field}: must not hold U+0000`)]);
        expect(text).toContain('Nothing was decided');
      }
    }
    expect(await statusOf(asked)).toBe('waiting_human_confirm');
  },
);

test('confirm-human decides by the token alone; a foreign task, a bad token and a used one are named errors', async () => {
  const [asked, other] = [await askPerson(stage), await askPerson(stage)];
  const token = await tokenOf(asked);
  const confirm = (id: string, body: Record<string, unknown>) =>
    stage.api.call(`/v1/tasks/${id}/confirm-human`, { body });
  expect((await confirm(other.id, { confirmed: true, token })).status).toBe(404);
  expect((await confirm(asked.id, { confirmed: true, token: 'nonsense' })).status).toBe(404);
  expect((await confirm(asked.id, { token })).status).toBe(422);
  expect(await statusOf(asked)).toBe('waiting_human_confirm');
  for (const _ of ['first', 'again']) {
    const done = await confirm(asked.id, { confirmed: true, token });
    expect([done.status, done.body]).toMatchObject([200, { status: 'in_progress' }]);
  }
  const contrary = await confirm(asked.id, { confirmed: false, token });
  expect([contrary.status, contrary.body.error.code]).toEqual([409, 'confirmation_not_open']);
  expect(contrary.body).toMatchObject({ detail: { error: { code: 'confirmation_not_open' } } });
  await letPass(stage, other);
  const late = await confirm(other.id, { confirmed: true, token: await tokenOf(other) });
  expect([late.status, late.body.error.code]).toEqual([410, 'confirmation_expired']);
});

test('the public read of a question says what the page says', async () => {
  const asked = await askPerson(stage);
  const token = await tokenOf(asked);
  const read = async () => (await stage.api.call(`/v1/public/approve?token=${token}`)).body;
  expect(await read()).toMatchObject({ task_id: asked.id, risk_level: 'R2', session_status: 'pending' });
  await decide(stage, asked, { approved: false });
  expect(await read()).toMatchObject({ status: 'cancelled', session_status: 'rejected' });
  expect((await stage.api.call('/v1/public/approve?token=x')).status).toBe(404);
});

test('R3 on the page: without the code it stays, the code comes by mail once for two presses, and approves', async () => {
  const asked = await askPerson(stage, { risk: 'R3' });
  const link = await linkOf(stage, asked);
  const without = await press(link, { do: 'approve', code: '123456' });
  expect(without.status).toBe(403);
  expect(without.text).toContain('A fresh code by mail is needed');
  for (const _ of ['first', 'second'])
    expect((await press(link, { do: 'send-code' })).text).toContain('Sent <time');
  await stage.sendCodes();
  await stage.sendCodes();
  const mails = await stage.mailsTo(asked.email);
  expect(mails).toHaveLength(1);
  const code = /^\d{6}/.exec(mails[0]?.text ?? '')?.[0] ?? '';
  const wrong = code === '000000' ? '000001' : '000000';
  expect((await press(link, { do: 'approve', code: wrong })).text).toContain('Tries left: 4');
  expect((await press(link, { do: 'approve', code })).status).toBe(303);
  expect(await statusOf(asked)).toBe('in_progress');
});

test('R3 by a program: the refusal without a code sends one', async () => {
  const asked = await askPerson(stage, { risk: 'R3' });
  const token = await tokenOf(asked);
  const confirm = (body: Record<string, unknown>) =>
    stage.api.call(`/v1/tasks/${asked.id}/confirm-human`, { body: { confirmed: true, token, ...body } });
  const first = await confirm({});
  expect([first.status, first.body.error.code]).toEqual([403, 'step_up_required']);
  expect((await confirm({})).body.error.details).toMatchObject({ reason: 'code_missing' });
  const code = String(first.body.error.details?.['_dev_code']);
  expect((await confirm({ code })).body).toMatchObject({ status: 'in_progress' });
});

describe('signed in, at /approvals/<id>', () => {
  const as = async (email: string) => ({
    authorization: `Bearer ${(await stage.api.signIn(email)).token}`,
  });
  const lookAs = async (path: string, headers: Record<string, string>): Promise<Page> => {
    const answer = await fetch(stage.api.url + path, { headers });
    return { status: answer.status, text: await answer.text(), headers: answer.headers };
  };

  test('it is the same page, and a yes on it is the yes; nobody else finds it', async () => {
    const asked = await askPerson(stage);
    const path = await approvalPathOf(stage, asked);
    const mine = await as(asked.email);
    const shown = await lookAs(path, mine);
    expect([shown.status, shown.text]).toEqual([200, expect.stringContaining('Exactly this will run')]);
    expect(shown.text).not.toContain('by a link');
    expect(shown.text).not.toContain('/approve/');
    const stranger = await as('stranger@example.org');
    expect((await lookAs(path, stranger)).status).toBe(404);
    expect((await press(path, { do: 'approve' }, stranger)).status).toBe(404);
    expect((await press(path, { do: 'approve' })).status).toBe(401);
    expect((await lookAs(path, { authorization: 'Bearer nonsense' })).status).toBe(401);
    expect((await lookAs(`/approvals/hc_${'A'.repeat(21)}`, mine)).status).toBe(404);
    expect(await statusOf(asked)).toBe('waiting_human_confirm');
    expect((await press(path, { do: 'approve', note: 'go' }, mine)).status).toBe(303);
    expect(await statusOf(asked)).toBe('in_progress');
    expect((await look(await linkOf(stage, asked))).text).toContain('You approved it');
  });

  test('R3 takes the fresh code of a mail there too', async () => {
    const asked = await askPerson(stage, { risk: 'R3' });
    const [path, mine] = [await approvalPathOf(stage, asked), await as(asked.email)];
    expect((await press(path, { do: 'approve' }, mine)).status).toBe(403);
    await press(path, { do: 'send-code' }, mine);
    await stage.sendCodes();
    const code = /^\d{6}/.exec((await stage.mailsTo(asked.email))[0]?.text ?? '')?.[0] ?? '';
    expect((await press(path, { do: 'approve', code }, mine)).status).toBe(303);
    expect(await statusOf(asked)).toBe('in_progress');
  });
});
