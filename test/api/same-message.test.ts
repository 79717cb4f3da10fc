import { createTestApi } from './harness';
import type { TestApi } from './harness';

let api: TestApi;
beforeAll(async () => {
  api = await createTestApi({ env: { MOORING_RATE_LIMIT_MESSAGES: '3' } });
});
afterAll(() => api.stop());

test('a message that is sent again is answered as the first time, also when no more may be sent now', async () => {
  const { token } = await api.signIn('ann@example.test');
  const { id } = await api.openSession(token);
  const say = (clientId: string) =>
    api.call(`/api/sessions/${id}/messages`, { token, body: { id: clientId, content: 'hello' } });
  const first = await say('m1');
  expect([first.status, (await say('m2')).status, (await say('m3')).status]).toEqual([202, 202, 202]);
  expect((await say('m4')).status).toBe(429);
  expect(await say('m1')).toMatchObject({ status: 202, text: first.text });
});
