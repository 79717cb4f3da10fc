import { spawn, spawnSync } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { createServer } from 'node:net';
import type { AddressInfo } from 'node:net';
import { Redis } from 'ioredis';
import type { Bus, SessionNews } from '../../lib/bus';
import { createLogger } from '../../lib/log';
import { createRedisBus } from '../../lib/redis-bus';

const log = createLogger('silent');
let port: number;
let server: ChildProcess;
let buses: Bus[] = [];

async function startRedis(): Promise<ChildProcess> {
  const child = spawn('redis-server', ['--port', String(port), '--bind', '127.0.0.1', '--save', ''], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  let said = '';
  while (!said.includes('Ready to accept connections')) {
    const [chunk] = (await once(child.stdout, 'data')) as [Buffer];
    said += chunk.toString();
  }
  child.stdout.resume();
  return child;
}

async function kill(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const gone = once(child, 'exit');
  child.kill('SIGKILL');
  await gone;
}

function openBus(): Bus {
  const bus = createRedisBus(`redis://127.0.0.1:${port}`, log);
  buses.push(bus);
  return bus;
}

/** Waits until Redis counts so many listeners of the session's channel. */
async function untilHeardBy(sessionId: string, count: number): Promise<void> {
  const probe = new Redis(port, '127.0.0.1');
  for (;;) {
    const [, found] = await probe.pubsub('NUMSUB', `mooring:session:${sessionId}`);
    if (Number(found) === count) break;
  }
  probe.disconnect();
}

/** Publishes again and again until something is heard: while a client reconnects, wake-ups are lost. */
async function publishUntilHeard(bus: Bus, sessionId: string, heard: SessionNews[]): Promise<void> {
  const before = heard.length;
  while (heard.length === before) {
    bus.publish(sessionId, newsOf('again'));
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
}

const newsOf = (text: string): SessionNews => ({
  kind: 'moment',
  frame: {
    type: 'AGENT_DELTA',
    data: { message_id: 'm', turn_id: 't', attempt: 1, index: 0, text },
  },
});

beforeAll(async () => {
  if (spawnSync('redis-server', ['--version']).error !== undefined) {
    throw new Error('redis-server is not installed: apt-get install redis-server, or brew install redis');
  }
  const probe = createServer().listen(0, '127.0.0.1');
  await once(probe, 'listening');
  port = (probe.address() as AddressInfo).port;
  probe.close();
  await once(probe, 'close');
  server = await startRedis();
});
afterEach(async () => {
  await Promise.all(buses.map((bus) => bus.close()));
  buses = [];
});
afterAll(() => kill(server));

test('what one process publishes is heard by another, in order and by that session alone', async () => {
  const [one, other] = [openBus(), openBus()];
  const heard: SessionNews[] = [];
  const foreign: SessionNews[] = [];
  const third = new Promise<void>((resolve) => {
    other.subscribe('one', (news) => {
      heard.push(news);
      if (heard.length === 3) resolve();
    });
  });
  other.subscribe('two', (news) => foreign.push(news));
  await Promise.all([untilHeardBy('one', 1), untilHeardBy('two', 1)]);

  for (const text of ['a', 'b', 'c']) one.publish('one', newsOf(text));
  await third;
  expect(heard).toEqual(['a', 'b', 'c'].map(newsOf));
  expect(foreign).toEqual([]);
});

test('who has left hears nothing more, while another listener of the same process goes on', async () => {
  const [one, other] = [openBus(), openBus()];
  const left: SessionNews[] = [];
  const stayed: SessionNews[] = [];
  const leave = other.subscribe('one', (news) => left.push(news));
  const leaveToo = other.subscribe('one', (news) => stayed.push(news));
  await untilHeardBy('one', 1);
  leave();
  await publishUntilHeard(one, 'one', stayed);
  expect(left).toEqual([]);

  leaveToo();
  await untilHeardBy('one', 0);
});

test('without Redis publish neither throws nor waits, and when it is back news flow again', async () => {
  const [one, other] = [openBus(), openBus()];
  const heard: SessionNews[] = [];
  other.subscribe('one', (news) => heard.push(news));
  await untilHeardBy('one', 1);
  await publishUntilHeard(one, 'one', heard);

  await kill(server);
  const from = Date.now();
  for (let count = 0; count < 1_000; count += 1) one.publish('one', newsOf('lost'));
  expect(Date.now() - from).toBeLessThan(1_000);
  const leave = other.subscribe('two', () => undefined);
  leave();

  server = await startRedis();
  await publishUntilHeard(one, 'one', heard);
  expect(heard.at(-1)).toEqual(newsOf('again'));
});

test('a bus that is closed while Redis is away leaves nothing behind', async () => {
  const bus = openBus();
  bus.subscribe('one', () => undefined);
  await untilHeardBy('one', 1);
  await kill(server);
  await bus.close();
  server = await startRedis();
  await untilHeardBy('one', 0);
});
