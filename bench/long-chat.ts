import type { RunFile } from '../dev/run-file';
import type { MooringClient } from '../sdk/client';
import { openChat, timedTurn } from './chats';
import type { BenchChat, TimedTurn } from './chats';
import { median, millis, times } from './figures';
import type { Figure } from './figures';
import { byPart, ownCpu, watchCpu } from './parts';
import type { PartName } from './parts';

const LONG = 500;
const EARLY = 5;
const BLOCKS = 8;
const TURNS_OF_A_BLOCK = 10;
const SAY = 'hello';
const BOUND = 1.1;

interface Block {
  firstDeltaMs: number[];
  /** of the whole block, without the time in which the model was asked and answered */
  oursMs: number;
  cpuMs: Record<PartName, number>;
}

/** Turn 500 of one chat against turn 5 of others, in blocks that take turns; CPU is counted in ticks, so by blocks. */
export async function longChat(client: MooringClient, run: RunFile): Promise<Figure[]> {
  const long = await openChat(client);
  for (let turn = 1; turn < LONG; turn += 1) await timedTurn(long, SAY);
  const early: Block[] = [];
  const late: Block[] = [];
  for (let block = 0; block < BLOCKS; block += 1) {
    const chats: BenchChat[] = [];
    for (let count = 0; count < TURNS_OF_A_BLOCK; count += 1) {
      const chat = await openChat(client);
      for (let turn = 1; turn < EARLY; turn += 1) await timedTurn(chat, SAY);
      chats.push(chat);
    }
    early.push(await takeBlock(run, chats));
    late.push(
      await takeBlock(
        run,
        chats.map(() => long),
      ),
    );
    for (const chat of chats) await chat.close();
  }
  await long.close();
  return figures(early, late);
}

async function takeBlock(run: RunFile, chats: BenchChat[]): Promise<Block> {
  const modelBefore = await modelMs(run);
  const used = watchCpu(run);
  const turns: TimedTurn[] = [];
  for (const chat of chats) turns.push(await timedTurn(chat, SAY));
  const cpuMs = used();
  const allMs = turns.reduce((sum, { turnMs }) => sum + turnMs, 0);
  return {
    firstDeltaMs: turns.map(({ firstDeltaMs }) => firstDeltaMs),
    oursMs: allMs - ((await modelMs(run)) - modelBefore),
    cpuMs,
  };
}

/** The time of all answers of the model so far, by the platform's own count. */
async function modelMs({ api }: RunFile): Promise<number> {
  const said = await (await fetch(`${api}/metrics`)).text();
  const sums = [...said.matchAll(/^mooring_model_step_seconds_sum\S* (\S+)$/gm)];
  return sums.reduce((sum, [, seconds]) => sum + Number(seconds) * 1000, 0);
}

function figures(early: Block[], late: Block[]): Figure[] {
  const latency = (blocks: Block[]): number => median(blocks.flatMap(({ firstDeltaMs }) => firstDeltaMs));
  const ours = (blocks: Block[]): number => median(blocks.map(({ oursMs }) => oursMs / TURNS_OF_A_BLOCK));
  const cpuOf = (blocks: Block[]): Record<PartName, number> =>
    byPart(
      (part) => blocks.reduce((sum, { cpuMs }) => sum + cpuMs[part], 0) / (blocks.length * TURNS_OF_A_BLOCK),
    );
  const [earlyCpu, lateCpu] = [cpuOf(early), cpuOf(late)];
  const ratio = (what: string, [a, b]: [number, number]): Figure => ({
    what: `turn ${LONG} : turn ${EARLY}, ${what} (${millis(a)} : ${millis(b)})`,
    measured: a / b,
    show: times,
  });
  return [
    // A model that is told more takes longer, whosever platform it is: its time is shown, and not bounded.
    ratio('first delta, p50, with what the model takes over a longer request', [
      latency(late),
      latency(early),
    ]),
    {
      ...ratio('whole turn without the model’s time, p50 of blocks', [ours(late), ours(early)]),
      bound: BOUND,
    },
    {
      ...ratio('CPU of platform, Temporal and PostgreSQL', [ownCpu(lateCpu), ownCpu(earlyCpu)]),
      bound: BOUND,
    },
    ...(['platform', 'temporal', 'postgres', 'model'] as const).map((part) =>
      ratio(`CPU of ${part}`, [lateCpu[part], earlyCpu[part]]),
    ),
  ];
}
