import type { Tx } from '../../db/database';
import { forgetOldMails } from '../../db/mails';
import { SYSTEM } from '../../domain/principal';
import { setNetworkStage } from './stage';
import type { NetworkStage, Player } from './stage';

let stage: NetworkStage;
beforeAll(async () => {
  stage = await setNetworkStage();
});
afterAll(() => stage.close());

const verify = (agent: Player, code: string) =>
  agent.call('/v1/agents/me/owner-email/verify', { body: { code } });
const change = (agent: Player, body: Record<string, unknown>) =>
  agent.call('/v1/agents/me/owner-email', { body });
const codesTo = async (email: string): Promise<string[]> => {
  await stage.sendCodes();
  return (await stage.mailsTo(email)).map(({ text }) => /^\d{6}/.exec(text)?.[0] ?? '');
};
const wrong = (code: string): string => (code === '000000' ? '000001' : '000000');
const askR2 = (agent: Player, other: Player) =>
  agent.call('/v1/tasks', {
    body: { to_agent_id: other.id, task_type: 'service_request', risk_level: 'R2' },
  });

test('the address named at registration gets a code; with it the person stands behind the agent, which may ask for R2', async () => {
  const email = 'Owner-1@example.org';
  const [agent, other] = [await stage.join({ owner_email: email }), await stage.join()];
  expect((await askR2(agent, other)).body.error?.code).toBe('human_channel_missing');
  const [code = ''] = await codesTo(email.toLowerCase());
  expect((await verify(agent, wrong(code))).status).toBe(400);
  for (const _ of ['first', 'again']) {
    const { status, body } = await verify(agent, code);
    expect([status, body]).toEqual([200, { owner_email: 'owner-1@example.org', verified: true }]);
  }
  expect((await askR2(agent, other)).status).toBe(201);
  expect((await agent.call('/v1/agents/me')).body).toMatchObject({
    owner_email: 'owner-1@example.org',
    owner_verified: true,
  });
});

test('five wrong codes make the code worthless; a new one can be asked for', async () => {
  const email = 'owner-2@example.org';
  const agent = await stage.join({ owner_email: email });
  const [code = ''] = await codesTo(email);
  for (let tries = 0; tries < 5; tries += 1) await verify(agent, wrong(code));
  expect((await verify(agent, code)).body.error?.message).toMatch(/not good any more/);
  expect((await change(agent, { email })).status).toBe(202);
  const codes = await codesTo(email);
  expect(codes).toHaveLength(2);
  expect((await verify(agent, codes[1] ?? '')).status).toBe(200);
});

test('the address changes only with codes from both, for the address they were sent for', async () => {
  const [old, next] = ['owner-3@example.org', 'owner-4@example.org'];
  const agent = await stage.join({ owner_email: old });
  await verify(agent, (await codesTo(old))[0] ?? '');
  expect((await change(agent, { email: next })).status).toBe(202);
  const [code, oldCode] = [(await codesTo(next))[0] ?? '', (await codesTo(old))[1] ?? ''];
  expect((await agent.call('/v1/agents/me')).body['owner_email']).toBe(old);
  for (const typed of [code, oldCode, wrong(code)]) {
    const { status, body } = await verify(agent, typed);
    expect([status, body.error?.code, body.error?.details?.['field']]).toEqual([
      400,
      'invalid_request',
      'code',
    ]);
  }
  for (const said of [
    { email: next, code, old_code: wrong(oldCode) },
    { email: 'eve@example.org', code, old_code: oldCode },
  ]) {
    expect((await change(agent, said)).status).toBe(400);
  }
  const changed = await change(agent, { email: next, code, old_code: oldCode });
  expect([changed.status, changed.body]).toEqual([200, { owner_email: next, verified: true }]);
  expect((await agent.call('/v1/agents/me')).body['owner_email']).toBe(next);
  expect((await verify(agent, code)).body).toEqual({ owner_email: next, verified: true });
});

test('an agent that a signed-in person registers has their address, and nothing to verify', async () => {
  const { token } = await stage.api.signIn('owner-5@example.org');
  const agent = await stage.join({}, token);
  expect((await agent.call('/v1/agents/me')).body).toMatchObject({
    owner_email: 'owner-5@example.org',
    owner_verified: true,
  });
});

test('whoever has named nobody has nothing to verify', async () => {
  const agent = await stage.join();
  expect((await verify(agent, '123456')).status).toBe(404);
  expect((await change(agent, { email: 'nonsense' })).status).toBe(422);
});

test('an address gets ten codes an hour whoever asks for them, and then is forgotten with them', async () => {
  const email = 'flooded@example.org';
  const agent = await stage.join({ owner_email: email });
  for (let count = 1; count < 10; count += 1) expect((await change(agent, { email })).status).toBe(202);
  const other = await stage.join();
  for (const who of [agent, other]) {
    expect(await change(who, { email })).toMatchObject({
      status: 429,
      body: { error: { code: 'rate_limited', details: { retry_after_ms: expect.any(Number) as number } } },
    });
  }
  expect((await change(other, { email: 'quiet@example.org' })).status).toBe(202);
  const inTx = <T>(work: (tx: Tx) => Promise<T>): Promise<T> => stage.api.t.db.withTx(SYSTEM, 'test', work);
  await inTx((tx) => tx.query(`update mails set created_at = created_at - interval '61 minutes'`));
  expect((await change(other, { email })).status).toBe(202);
  await inTx(forgetOldMails);
  expect(await inTx((tx) => tx.query<{ address: string }>('select address from mails'))).toEqual([
    { address: email },
  ]);
});
