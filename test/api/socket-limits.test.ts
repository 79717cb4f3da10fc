import { SOCKET_LIMITS } from '../../domain/frames';
import { SOCKET_TIMINGS } from '../../api/socket/timings';
import { connect } from './client';
import { createTestApi } from './harness';

test('how many sockets a chat and an address may have is a setting', async () => {
  const strict = await createTestApi({
    env: { MOORING_RATE_LIMIT_SOCKETS_PER_CHAT: '1', MOORING_RATE_LIMIT_SOCKETS_PER_IP: '2' },
  });
  const { token } = await strict.signIn('ann@example.test');
  const [chat, other] = [await strict.openSession(token), await strict.openSession(token)];
  const first = connect(chat.wsUrl, chat);
  await first.frame('SESSION_READY');
  expect((await connect(chat.wsUrl, chat).closed).reason).toContain('in this chat');
  const second = connect(other.wsUrl, other);
  await second.frame('SESSION_READY');
  const third = await connect(other.wsUrl, other).closed;
  expect(third.reason).toContain('from this address');
  await strict.stop();
});

test('the limits and times of the contract are those of a socket', () => {
  expect(SOCKET_TIMINGS).toMatchObject({ authMs: 5_000, pingMs: 30_000, pongMs: 60_000 });
  expect(Object.values(SOCKET_LIMITS).map(({ limit }) => limit)).toEqual([
    64 * 1024,
    16 * 1024,
    32,
    256 * 1024,
    1024 * 1024,
  ]);
});
