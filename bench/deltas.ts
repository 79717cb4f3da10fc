import { setTimeout as pause } from 'node:timers/promises';
import { openChat, signIn } from './chats';
import type { BenchChat } from './chats';
import { millis, quantile, runBench, whole } from './figures';
import type { Figure } from './figures';
import { onMooring } from './profile';

const STREAMS = 100;
const ANSWERS = 3;
/** As often as the platform flushes at the most, and slow enough that all stream at once. */
const TOKEN_DELAY_MS = 40;
/** An answer takes four seconds and more: what is measured is the streaming, not a hundred beginnings at once. */
const APART_MS = 25;

/**
 * `npm run bench:deltas`: from the platform's flush of some words to the client's socket, with 100 answers streaming.
 * The flush puts its time, cut to milliseconds, into the envelope (`ts`) and goes on to the socket in one breath, so
 * what is measured here is the time of the way, and up to a millisecond more than it.
 */
async function main(): Promise<Figure[]> {
  return onMooring(
    async ({ run }) => {
      const client = await signIn(run.api, 'bench@mooring.local');
      const chats: BenchChat[] = [];
      for (let count = 0; count < STREAMS; count += 1) chats.push(await openChat(client));
      await Promise.all(chats.map((chat, index) => answers(chat, { count: 1, afterMs: index * APART_MS })));
      const streaming = { now: 0, most: 0 };
      const times: number[] = [];
      for (const chat of chats) listen(chat, { times, streaming });
      await Promise.all(
        chats.map((chat, index) => answers(chat, { count: ANSWERS, afterMs: index * APART_MS })),
      );
      return [
        { what: 'flush → socket, p50', measured: quantile(times, 0.5), bound: 5, show: millis },
        { what: 'flush → socket, p99', measured: quantile(times, 0.99), bound: 50, show: millis },
        { what: 'flush → socket, longest', measured: quantile(times, 1), show: millis },
        { what: 'deltas measured', measured: times.length, show: whole },
        { what: 'answers streaming at once, most', measured: streaming.most, show: whole },
      ];
    },
    { MOORING_STAND_IN_TOKEN_DELAY_MS: String(TOKEN_DELAY_MS) },
  );
}

async function answers(
  chat: BenchChat,
  { count, afterMs }: { count: number; afterMs: number },
): Promise<void> {
  await pause(afterMs);
  for (let answer = 0; answer < count; answer += 1) {
    const end = chat.next('TURN_END');
    chat.say('hello');
    const { data } = await end;
    if (data['outcome'] !== 'answered') throw new Error(`a turn ended: ${JSON.stringify(data)}`);
  }
}

function listen(
  chat: BenchChat,
  { times, streaming }: { times: number[]; streaming: { now: number; most: number } },
): void {
  let inside = false;
  chat.onFrame(({ type, ts, at }) => {
    if (type === 'AGENT_DELTA') {
      times.push(performance.timeOrigin + at - Date.parse(ts));
      if (!inside) streaming.now += 1;
      inside = true;
      streaming.most = Math.max(streaming.most, streaming.now);
    } else if (type === 'AGENT_MESSAGE' && inside) {
      inside = false;
      streaming.now -= 1;
    }
  });
}

runBench(main);
