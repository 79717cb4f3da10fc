import { setTimeout as pause } from 'node:timers/promises';
import type { NetworkReply, Player } from '../network/stage';

/** Where agents race: a stage in this process, or a whole machine. */
export interface World {
  join: (wish?: Record<string, unknown>, token?: string) => Promise<Player>;
  /** A person's token, for an agent of theirs. */
  signIn: (email: string) => Promise<string>;
  rows: <T extends Record<string, unknown>>(sql: string, values: unknown[]) => Promise<T[]>;
  /** A decision by the link of the mail. */
  confirm: (taskId: string, approved: boolean) => Promise<NetworkReply>;
  /** Brings the end of a task's time, or of its question's, so near that a race is worth its while. */
  hasten: (taskId: string) => Promise<void>;
  /** The workflow's part at the deadline, where there is none that does it by itself. */
  expire?: (taskId: string) => Promise<void>;
  /** What the task's workflow ended with. */
  outcome: (taskId: string) => Promise<string>;
}

/** Who meets at the deadline; the expiry is always there. */
export type Side = 'accept' | 'decline' | 'cancel' | 'approve' | 'refuse';
const AT_THE_INBOX: Side[][] = [
  ['accept', 'cancel'],
  ['accept', 'decline'],
  ['accept', 'accept'],
  ['decline', 'cancel'],
];
const AT_THE_QUESTION: Side[][] = [
  ['approve', 'refuse'],
  ['approve', 'cancel'],
  ['approve', 'approve'],
  ['refuse', 'cancel'],
  ['approve', 'refuse', 'cancel'],
];

/** What each side was told, and what is stored. */
export interface Raced {
  told: { side: Side; status: number; code: string | null; met: unknown; state: unknown }[];
  events: { from: string; to: string; actor: string }[];
  question: string | null;
  /** the task as its sender and its receiver read it, and what its workflow ended with */
  ends: [string, string, string];
  interactions: number;
}

const JITTER_MS = 5;
/** About what a call needs until it holds the row. */
const WAY_MS = 8;

/** Waits until a call that is made then meets its deadline within some ms; the timer of a workflow never rings before it. */
export const meetAt = async (deadline: number, { random, timer = false }: Jitter): Promise<void> => {
  const off = timer ? random() * JITTER_MS : (random() * 2 - 1) * JITTER_MS - WAY_MS;
  await pause(Math.max(0, deadline - Date.now() + off));
};
interface Jitter {
  random: () => number;
  timer?: boolean;
}

/** Whoever is told to come again, for the database is busy, does. */
export async function patient(call: () => Promise<NetworkReply>): Promise<NetworkReply> {
  for (;;) {
    const reply = await call();
    if (reply.status !== 503) return reply;
    await pause(50);
  }
}

interface Race {
  kind: 'inbox' | 'question';
  number: number;
  random: () => number;
}
/** Few stand behind many: that a person is new is no part of the race. */
const PEOPLE = 20;

/** One task whose sides all act within 5 ms of its deadline, on either side of it. */
export const race = async (world: World, wish: Race): Promise<Raced> => (await prepare(world, wish))();

/** Makes the task; what comes back waits for its deadline and lets its sides meet there. */
export async function prepare(world: World, { kind, number, random }: Race): Promise<() => Promise<Raced>> {
  const email = `race-${number % PEOPLE}@example.org`;
  const token = kind === 'question' ? await world.signIn(email) : undefined;
  const [sender, receiver] = [await world.join({}, token), await world.join()];
  const made = await patient(() =>
    sender.call('/v1/tasks', {
      body: {
        to_agent_id: receiver.id,
        task_type: 'service_request',
        ttl_seconds: kind === 'inbox' ? 60 : 3_600,
        risk_level: kind === 'inbox' ? 'R0' : 'R2',
      },
    }),
  );
  if (made.status !== 201) throw new Error(JSON.stringify(made.body));
  const id = String(made.body['id']);
  if (kind === 'question') {
    await patient(() => receiver.call(`/v1/tasks/${id}/accept`, { method: 'POST' }));
  }
  await world.hasten(id);
  const { body } = await patient(() => sender.call(`/v1/tasks/${id}`));
  const deadline = Date.parse(
    String(kind === 'question' ? body['human_confirm_deadline'] : body['expires_at']),
  );
  const crowds = kind === 'question' ? AT_THE_QUESTION : AT_THE_INBOX;
  const crowd = crowds[number % crowds.length] ?? [];
  return () => meet(world, { id, sender, receiver, crowd, deadline, random });
}

interface Meeting {
  id: string;
  sender: Player;
  receiver: Player;
  crowd: Side[];
  deadline: number;
  random: () => number;
}

async function meet(world: World, meeting: Meeting): Promise<Raced> {
  const { id, sender, receiver, crowd, deadline, random } = meeting;
  const acts: Record<Side, () => Promise<NetworkReply>> = {
    accept: () => receiver.call(`/v1/tasks/${id}/accept`, { method: 'POST' }),
    decline: () => receiver.call(`/v1/tasks/${id}/decline`, { body: {} }),
    cancel: () => sender.call(`/v1/tasks/${id}/cancel`, { body: {} }),
    approve: () => world.confirm(id, true),
    refuse: () => world.confirm(id, false),
  };
  const ring = async (): Promise<void> => {
    await meetAt(deadline, { random, timer: true });
    await world.expire?.(id);
  };
  const come = async (side: Side) => {
    await meetAt(deadline, { random });
    return { side, reply: await patient(acts[side]) };
  };
  const [told] = await Promise.all([Promise.all(crowd.map(come)), ring()]);
  // Whoever was let work does it, if there is still time; what is left ends at its own deadline.
  await patient(() => receiver.call(`/v1/tasks/${id}/complete`, { body: {} }));
  const outcome = await world.outcome(id);
  const [one, other] = [
    await patient(() => sender.call(`/v1/tasks/${id}`)),
    await patient(() => receiver.call(`/v1/tasks/${id}`)),
  ];
  return {
    told: told.map(({ side, reply: { status, body: said } }) => ({
      side,
      status,
      code: said.error?.code ?? null,
      met: said.error?.details?.['status'],
      state: said['status'],
    })),
    ...(await stored(world, id)),
    ends: [String(one.body['status']), String(other.body['status']), outcome],
  };
}

async function stored(
  { rows }: World,
  id: string,
): Promise<Pick<Raced, 'events' | 'question' | 'interactions'>> {
  const events = await rows<{ from: string; to: string; actor: string }>(
    `select coalesce(from_status, '') as "from", to_status as "to", actor from task_events where task_id = $1 order by number`,
    [id],
  );
  const [question] = await rows<{ state: string }>('select state from confirmations where task_id = $1', [
    id,
  ]);
  const done = await rows('select 1 from interactions where task_id = $1', [id]);
  return { events, question: question?.state ?? null, interactions: done.length };
}
