import { setTimeout as pause } from 'node:timers/promises';
import type { WebSocket } from 'ws';
import type { RunFile } from '../dev/run-file';
import type { Admission } from '../sdk/api-types';
import type { MooringClient } from '../sdk/client';
import { signIn, socketTo } from './chats';
import { megabytes, percent, runBench, whole } from './figures';
import type { Figure } from './figures';
import { onMooring } from './profile';
import { coreShare, processTree, totalRss } from './process-tree';
import type { Process } from './process-tree';

const SOCKETS = 10_000;
/** As many as one address may have open: the limit stands, the addresses are many. */
const SOCKETS_OF_AN_ADDRESS = 20;
const AT_ONCE = 20;
const SETTLE_MS = 15_000;
/** Two rounds of pings, and thirty looks at the logs of all chats. */
const IDLE_MS = 60_000;

/** `npm run bench:sockets`: what 10,000 idle sockets, each of a chat of its own, cost one platform process. */
async function main(): Promise<Figure[]> {
  return onMooring(
    async ({ run }) => {
      const client = await signIn(run.api, 'bench@mooring.local');
      const admissions = await openSessions(client);
      await pause(SETTLE_MS);
      const none = await idle(run);
      const sockets = await openSockets(admissions);
      const ended = { count: 0 };
      for (const socket of sockets) socket.once('close', () => (ended.count += 1));
      await pause(SETTLE_MS);
      const all = await idle(run);
      const perSocket = (all.rss - none.rss) / SOCKETS / 1000;
      return [
        {
          what: `${SOCKETS} idle sockets: RSS above that of none (${megabytes(all.rss)} − ${megabytes(none.rss)}, ${perSocket.toFixed(1)} kB each)`,
          measured: all.rss - none.rss,
          bound: 350e6,
          show: megabytes,
        },
        {
          what: `${SOCKETS} idle sockets: CPU of the platform, of a core`,
          measured: all.cpu,
          bound: 0.05,
          show: percent,
        },
        { what: 'CPU of the platform without sockets, of a core', measured: none.cpu, show: percent },
        { what: 'sockets that ended by themselves', measured: ended.count, bound: 0, show: whole },
      ];
    },
    { MOORING_RATE_LIMIT_SOCKETS_PER_IP: String(SOCKETS_OF_AN_ADDRESS) },
  );
}

async function openSessions(client: MooringClient): Promise<Admission[]> {
  const admissions: Admission[] = [];
  const from = performance.now();
  while (admissions.length < SOCKETS) {
    const some = Array.from({ length: AT_ONCE }, () => client.createSession());
    admissions.push(...(await Promise.all(some)));
  }
  console.log(`${SOCKETS} chats opened in ${((performance.now() - from) / 1000).toFixed(0)} s`);
  return admissions;
}

async function openSockets(admissions: Admission[]): Promise<WebSocket[]> {
  const sockets: WebSocket[] = [];
  const from = performance.now();
  for (let first = 0; first < admissions.length; first += AT_ONCE) {
    const some = admissions.slice(first, first + AT_ONCE);
    sockets.push(...(await Promise.all(some.map((admission, index) => openOne(admission, first + index)))));
  }
  console.log(`${SOCKETS} sockets opened in ${((performance.now() - from) / 1000).toFixed(0)} s`);
  return sockets;
}

/** Resolves when the chat is ready, from the address that is this socket's by its number. */
function openOne(admission: Admission, number: number): Promise<WebSocket> {
  const address = Math.floor(number / SOCKETS_OF_AN_ADDRESS);
  const socket = socketTo(admission, `127.1.${address >> 8}.${address & 255}`);
  return new Promise((resolve, reject) => {
    socket.once('message', () => resolve(socket));
    socket.once('error', reject);
    socket.once('close', (code) => reject(new Error(`socket ${number} was closed: ${code}`)));
  });
}

async function idle(run: RunFile): Promise<{ rss: number; cpu: number }> {
  const platform = (): Process[] =>
    processTree([run.pids.platform ?? 0]).filter(({ pid }) => pid === run.pids.platform);
  const before = platform();
  const from = performance.now();
  await pause(IDLE_MS);
  const after = platform();
  return { rss: totalRss(after), cpu: coreShare(before, after, performance.now() - from) };
}

runBench(main);
