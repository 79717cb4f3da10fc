import { setTimeout as pause } from 'node:timers/promises';
import { WebSocket } from 'ws';
import { SYSTEM } from '../../domain/principal';
import type { ChatConnection } from '../../sdk/chat-connection';
import { createClient } from '../../sdk/client';
import { createMachine } from '../harness/platform';
import type { Machine } from '../harness/platform';
import { startProxy } from './proxy';
import type { CutProxy } from './proxy';
import { seededRandom } from './random';

/** All that a client waits for is short. */
const DELAYS = {
  soonMs: 100,
  backoffMs: 50,
  maxBackoffMs: 400,
  openMs: 2_000,
  socketAgainMs: 500,
  silentMs: 300,
};
const MOST = '1000000000';
const PATIENCE_MS = 120_000;

export interface CutsPlan {
  cuts: number;
  chats: number;
  turnsOfAChat: number;
  /** the share of cuts that end the platform, half of them by a stop and half by a kill; the others are resets and silences */
  ends: number;
  seed: number;
}

export interface ChatAfterCuts {
  /** rows of the log as PostgreSQL has them */
  log: string[];
  /** as each client of the chat was handed them */
  seen: string[][];
  /** the seq of each message, as its ACK said */
  acknowledged: (number | null)[];
  turnsEnded: number;
}

export interface CutsResult {
  chats: ChatAfterCuts[];
  made: Record<'reset' | 'silence' | 'kill' | 'stop', number>;
  /** connections that were open and were cut, those of an ended platform not counted */
  broken: number;
}

interface Stage {
  plan: CutsPlan;
  machine: Machine;
  settings: Record<string, string>;
  proxy: CutProxy;
  result: CutsResult;
  chats: Chat[];
  /** Aborted when all is done, or something went wrong. */
  over: AbortSignal;
}

interface Reader {
  connection: ChatConnection;
  rows: string[];
  ended: number;
}

interface Chat {
  id: string;
  readers: [Reader, Reader];
}

/** Chats go on, two clients each, while connections and the platform are cut at random; then all is compared. */
export async function runCuts(plan: CutsPlan): Promise<CutsResult> {
  const machine = await createMachine();
  const proxy = await startProxy(Number(new URL(machine.api()).port));
  const over = new AbortController();
  const result: CutsResult = { chats: [], made: { reset: 0, silence: 0, kill: 0, stop: 0 }, broken: 0 };
  try {
    const settings = {
      MOORING_PUBLIC_URL: proxy.url,
      MOORING_RATE_LIMIT_MESSAGES: MOST,
      MOORING_RATE_LIMIT_SIGN_INS: MOST,
      // What is half open stays so for a minute: the server cannot know either.
      MOORING_RATE_LIMIT_SOCKETS_PER_IP: MOST,
      MOORING_RATE_LIMIT_SOCKETS_PER_CHAT: MOST,
    };
    await machine.startPlatform([], settings);
    await untilReady(machine, over.signal);
    await talkAndCut({ plan, machine, settings, proxy, result, chats: [], over: over.signal });
    return result;
  } finally {
    over.abort();
    await proxy.close();
    await machine.close();
  }
}

async function talkAndCut(stage: Stage): Promise<void> {
  const { plan, machine, proxy, result, chats } = stage;
  for (let count = 0; count < plan.chats; count += 1) {
    const client = createClient({ baseUrl: proxy.url, WebSocket });
    await client.signInForDevelopment(`cuts-${count}@example.test`);
    const { session_id: id } = await client.createSession();
    const follow = (): Reader => read(client.connectSession(id, { delays: DELAYS }));
    chats.push({ id, readers: [follow(), follow()] });
  }
  try {
    const [acknowledged] = await Promise.all([
      Promise.all(chats.map((chat) => talk(stage, chat))),
      cut(stage),
    ]);
    for (const [index, { id, readers }] of chats.entries()) {
      const log = await readLog(machine, id);
      const isWhole = (): boolean => readers.every(({ rows }) => rows.length >= log.length);
      await until(stage, { holds: isWhole, what: 'a client to have it all' });
      result.chats.push({
        log,
        seen: readers.map(({ rows }) => rows),
        acknowledged: acknowledged[index] ?? [],
        turnsEnded: readers[0].ended,
      });
    }
  } finally {
    for (const { connection } of chats.flatMap(({ readers }) => readers)) connection.close();
  }
}

/** The next turn waits for the share of the cuts that falls to the turns before. */
async function talk(stage: Stage, { readers: [reader] }: Chat): Promise<(number | null)[]> {
  const { plan, result } = stage;
  const made = (): number => Object.values(result.made).reduce((sum, count) => sum + count, 0);
  const acknowledged: (number | null)[] = [];
  for (let turn = 0; turn < plan.turnsOfAChat; turn += 1) {
    const share = (turn * plan.cuts) / plan.turnsOfAChat;
    await until(stage, { holds: () => made() >= share, what: 'the cuts of the turns before' });
    const content = turn % 4 === 3 ? 'Please bake me a birthday cake' : 'hello';
    acknowledged.push(await reader.connection.send(content).acked);
    await until(stage, { holds: () => reader.ended > turn, what: `the end of turn ${turn + 1}` });
  }
  return acknowledged;
}

/** And the cuts of a turn wait for the turns before: else a slow machine is cut and cut and does nothing. */
async function cut(stage: Stage): Promise<void> {
  const { plan, machine, settings, proxy, result, chats, over } = stage;
  const random = seededRandom(plan.seed);
  // Drawn by themselves: which kinds there are does not hang on how many connections were open.
  const kinds = seededRandom(plan.seed + 1);
  for (let made = 0; made < plan.cuts; made += 1) {
    await pause(random() * 120);
    const turn = Math.floor((made * plan.turnsOfAChat) / plan.cuts);
    const isDone = (): boolean => chats.every(({ readers: [{ ended }] }) => ended >= turn);
    await until(stage, { holds: isDone, what: `all to have had turn ${turn}` });
    const [ending, other] = kinds() < 0.5 ? (['kill', 'reset'] as const) : (['stop', 'silence'] as const);
    let kind: keyof CutsResult['made'] = kinds() < plan.ends ? ending : other;
    if (kind === 'kill' || kind === 'stop') {
      if (kind === 'kill') machine.killPlatform();
      // It drains first: its sockets are told.
      else await machine.startPlatform([], settings);
      await untilReady(machine, over);
    } else {
      // One connection or some, but one at the least: nothing open is nothing to cut.
      const share = random();
      const hit = (): boolean => random() < share;
      let broken = kind === 'silence' ? proxy.silence(hit) : 0;
      // All that is open may be silent already, and a client that expects nothing need not know: that ends some time.
      if (broken === 0) kind = 'reset';
      const cutSome = (): boolean => broken > 0 || (broken = proxy.reset(hit)) > 0;
      await until(stage, { holds: cutSome, what: 'something to cut' });
      result.broken += broken;
    }
    result.made[kind] += 1;
  }
}

function read(connection: ChatConnection): Reader {
  const reader: Reader = { connection, rows: [], ended: 0 };
  const follow = async (): Promise<void> => {
    for await (const frame of connection.frames) {
      if (frame.seq === undefined) continue;
      reader.rows.push(`${frame.seq} ${frame.type} ${frame.id}`);
      if (frame.type === 'TURN_END') reader.ended += 1;
    }
  };
  void follow();
  return reader;
}

async function readLog({ database }: Machine, sessionId: string): Promise<string[]> {
  const rows = await database.db.withTx(SYSTEM, 'test.log', (tx) =>
    tx.query<{ row: string }>(
      `select seq || ' ' || type || ' ' || id as row from session_events where session_id = $1 order by seq`,
      [sessionId],
    ),
  );
  return rows.map(({ row }) => row);
}

async function until(stage: Stage, { holds, what }: { holds: () => boolean; what: string }): Promise<void> {
  for (const from = Date.now(); !holds(); await pause(5)) {
    stage.over.throwIfAborted();
    if (Date.now() - from > PATIENCE_MS) throw new Error(`waited in vain for ${what}\n${await state(stage)}`);
  }
}

/** What there is to say of a run that stands still. */
async function state({ chats, machine, result }: Stage): Promise<string> {
  const turns = await machine.database.db.withTx(SYSTEM, 'test.turns', (tx) =>
    tx.query(`select session_id, number, fence, outcome from turns where outcome is null`),
  );
  const clients = chats.flatMap(({ id, readers }) =>
    readers.map(({ connection, rows }) => [id, connection.state().kind, rows.at(-1)].join(' ')),
  );
  return [JSON.stringify(result.made), ...clients, JSON.stringify(turns)].join('\n');
}

async function untilReady(machine: Machine, over: AbortSignal): Promise<void> {
  const answers = (): Promise<boolean> =>
    fetch(`${machine.api()}/readyz`, { signal: AbortSignal.timeout(2_000) }).then(
      ({ status }) => status === 200,
      () => false,
    );
  for (; !(await answers()); await pause(20)) over.throwIfAborted();
}
