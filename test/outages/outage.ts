import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { setTimeout as pause } from 'node:timers/promises';
import { patientCall } from '../harness/chat';
import { createMachine } from '../harness/platform';
import type { Machine } from '../harness/platform';
import { openFacts } from '../invariants/world';

const MOST = '1000000';
const SIDE_BY_SIDE = 20;
/** Long enough that the agent was tried in vain. */
const PROBES = 2;

// A call whose outcome was lost on a busy machine stays open for ever, and its task is parked by the next one.
const QUIET = `breakers where state = 'open' and next_probe_at > now() + interval '500 milliseconds'
  and not exists (select from task_attempts a join tasks t on t.id = a.task_id
                   where a.ended_at is null and t.parked_at is null)`;

/** What became of the tasks that came in while their agent was down. */
export interface Outage {
  /** the tasks as they were made, and as the agent took them */
  made: string[];
  taken: string[];
  /** counted attempts when the agent was down for good, and at the end */
  attempts: [number, number];
  /** how many calls were refused, and how many are written down that came to nothing */
  refused: number;
  written: number;
  madeMs: number;
  drainedMs: number;
}

/** An endpoint that is down while so many tasks come in for it, and then is back, on a whole machine. */
export async function goThroughOutage(tasks: number): Promise<Outage> {
  const machine = await createMachine({
    MOORING_RATE_LIMIT_REGISTRATIONS: MOST,
    MOORING_RATE_LIMIT_NETWORK_READS: MOST,
    MOORING_RATE_LIMIT_NETWORK_WRITES: MOST,
    MOORING_BREAKER_WAIT_MS: '1000',
    MOORING_BREAKER_MAX_WAIT_MS: '2000',
  });
  try {
    const facts = await openFacts(machine.database.url);
    await machine.startPlatform();
    return await goThrough(machine, facts, tasks).finally(() => facts.close());
  } finally {
    await machine.close();
  }
}

async function goThrough(
  machine: Machine,
  facts: Awaited<ReturnType<typeof openFacts>>,
  tasks: number,
): Promise<Outage> {
  const count = async (what: string): Promise<number> =>
    (await facts.query<{ count: number }>(`select count(*)::int as count from ${what}`))[0]?.count ?? 0;
  const until = async (what: string, isEnough: (count: number) => boolean): Promise<void> => {
    while (!isEnough(await count(what))) await pause(50);
  };
  const endpoint = await listen();
  try {
    const ask = await meet(machine, endpoint.url);
    const begun = performance.now();
    let left = tasks;
    const askOn = async (): Promise<void> => {
      while ((left -= 1) >= 0) await ask();
    };
    await Promise.all(Array.from({ length: SIDE_BY_SIDE }, askOn));
    const madeMs = performance.now() - begun;
    await until(`task_attempts where kind = 'probe'`, (probes) => probes >= PROBES);
    // Not between the two probes of one trial: the second would be the first to be taken.
    await until(QUIET, (quiet) => quiet === 1);
    const before = await count(`task_attempts where kind = 'attempt'`);
    const back = performance.now();
    endpoint.recover();
    await until(`tasks where status = 'delivered'`, (delivered) => delivered === tasks);
    const drainedMs = performance.now() - back;
    await until(`breakers where state = 'closed'`, (closed) => closed === 1);
    const made = await facts.query<{ id: string }>('select id from tasks order by created_at, id');
    return {
      made: made.map(({ id }) => id),
      taken: endpoint.taken,
      attempts: [before, await count(`task_attempts where kind = 'attempt'`)],
      refused: endpoint.refused(),
      written: await count(`task_attempts where outcome is distinct from 'delivered'`),
      madeMs: Math.round(madeMs),
      drainedMs: Math.round(drainedMs),
    };
  } finally {
    endpoint.close();
  }
}

/** Refuses every call until it is back, and then takes every one. */
async function listen() {
  const taken: string[] = [];
  let isBack = false;
  let refused = 0;
  const server = createServer((req, res) => {
    req.resume();
    if (isBack) taken.push(String(req.headers['webhook-id']));
    else refused += 1;
    res.writeHead(isBack ? 200 : 503).end();
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/`,
    taken,
    refused: () => refused,
    recover: () => {
      isBack = true;
    },
    close: () => {
      server.closeAllConnections();
      server.close();
    },
  };
}

/** One agent that asks another, which lives there. */
async function meet(machine: Machine, endpoint: string): Promise<() => Promise<unknown>> {
  const join = async (slug: string, more: object = {}) => {
    const stranger = patientCall(machine.api, () => '');
    const wish = { slug, display_name: slug, ...more };
    const made = await stranger<{ id: string; api_key: string }>('POST', '/v1/agents/register', wish);
    return { id: made.id, call: patientCall(machine.api, () => made.api_key) };
  };
  const [sender, receiver] = [await join('ann'), await join('ben', { endpoint })];
  return () => sender.call('POST', '/v1/tasks', { to_agent_id: receiver.id, task_type: 'service_request' });
}

/** Each was delivered once, in the order in which they were made, and nothing was burnt while the agent was down. */
export function expectInOrder({ made, taken, attempts, refused, written }: Outage, tasks: number): void {
  expect(made).toHaveLength(tasks);
  expect(taken).toEqual(made);
  expect(attempts[1]).toBe(attempts[0]);
  expect(refused).toBeLessThanOrEqual(written);
}
