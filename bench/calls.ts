import { join } from 'node:path';
import { Pool } from 'pg';
import type { RunFile } from '../dev/run-file';
import { BARE_PATH } from './bare-door';
import { median, millis, times } from './figures';
import type { Figure } from './figures';
import { create, inFlight, timed, tokenOf } from './lives';
import type { Risk } from './lives';
import { NETWORK_PROFILE, openNetwork } from './network';
import type { Network, Pair } from './network';
import { quiet } from './parts';
import { onMooring } from './profile';

const WARM_UP = 10;
const ONE_BY_ONE = 100;
const AT_ONCE = 200;
const BLOCKS = 2;
const OF_A_BLOCK = 400;
const MOST = 2;

/** What the callers of a task wait for, against one transaction of one row behind the same HTTP server. */
export const measureCalls = (): Promise<Figure[]> =>
  onMooring(
    async ({ run }) => {
      const pool = new Pool({ connectionString: run.database_url, max: 1 });
      await pool.query(
        `create table bench_rows (id text primary key default gen_random_uuid(), body jsonb, version integer not null default 0)`,
      );
      const network = await openNetwork(run);
      try {
        return [...(await oneAtATime(network)), ...(await manyAtOnce(network, run))];
      } finally {
        await network.close();
        await pool.end();
      }
    },
    { ...NETWORK_PROFILE, NODE_OPTIONS: `--require=${join(__dirname, 'bare-door.js')}` },
  );

/** A task on its way, and the row that goes the same way behind the bare handler. */
interface Subject {
  pair: Pair;
  risk: Risk;
  task: string;
  row: string;
  token: string;
}

interface Call {
  name: string;
  ours: (network: Network, subject: Subject) => Promise<unknown>;
  bare: (network: Network, subject: Subject) => Promise<unknown>;
}

const RESULT = { result: { words: 3 } };
const change =
  (body: unknown) =>
  ({ nobody }: Network, { row }: Subject): Promise<unknown> =>
    nobody.post(`${BARE_PATH}/${row}`, body);

const CREATE: Call = {
  name: 'create',
  ours: async (_network, subject) => {
    subject.task = await create(subject.pair, subject.risk);
  },
  bare: async ({ nobody }, subject) => {
    const wish = {
      to_agent_id: subject.pair.receiver.id,
      task_type: 'service_request',
      risk_level: subject.risk,
    };
    const { id } = await nobody.post<{ id: string }>(BARE_PATH, {
      ...wish,
      description: 'Count these words',
    });
    subject.row = id;
  },
};
const ACCEPT: Call = {
  name: 'accept',
  ours: (_network, { pair, task }) => pair.receiver.post(`/v1/tasks/${task}/accept`),
  bare: change({}),
};
const CONFIRM: Call = {
  name: 'confirm',
  ours: ({ nobody }, { task, token }) =>
    nobody.post(`/v1/tasks/${task}/confirm-human`, { confirmed: true, token }),
  bare: (network, subject) => change({ confirmed: true, token: subject.token })(network, subject),
};
const COMPLETE: Call = {
  name: 'complete',
  ours: (_network, { pair, task }) => pair.receiver.post(`/v1/tasks/${task}/complete`, RESULT),
  bare: change(RESULT),
};
const LIVES: Record<Risk, Call[]> = {
  R0: [CREATE, ACCEPT, COMPLETE],
  R2: [CREATE, ACCEPT, CONFIRM, COMPLETE],
};

const subjectOf = (network: Network, risk: Risk): Subject => ({
  pair: network.nextPair(),
  risk,
  task: '',
  row: '',
  token: '',
});

/** What has to be so before a call is made, outside of what is measured. */
async function before(call: Call, network: Network, { pair, task }: Subject): Promise<string> {
  if (call === ACCEPT) {
    await network.delivered(task);
    // The agent has heard of it; a moment later the platform has written that down, under the lock that an accept takes.
    while ((await pair.receiver.get<{ status: string }>(`/v1/tasks/${task}`)).status === 'pending_delivery');
  }
  return call === CONFIRM ? tokenOf(pair.sender, task) : '';
}

interface Taken {
  ours: number[];
  bare: number[];
}

/** One of each after the other, so that whatever else the machine does falls on both. */
async function oneAtATime(network: Network): Promise<Figure[]> {
  const taken = new Map<string, Taken>();
  for (const risk of ['R0', 'R2'] as const) {
    for (let count = 0; count < WARM_UP + ONE_BY_ONE; count += 1) {
      const subject = subjectOf(network, risk);
      for (const call of LIVES[risk]) {
        subject.token = await before(call, network, subject);
        const ours = await timed(() => call.ours(network, subject));
        const bare = await timed(() => call.bare(network, subject));
        if (count >= WARM_UP) note(taken, `${call.name} of ${risk}`, { ours: [ours], bare: [bare] });
      }
    }
  }
  return figuresOf(taken, '1 in flight');
}

/** Blocks of each in turn; the workflows that a block has woken are done before the next begins. */
async function manyAtOnce(network: Network, run: RunFile): Promise<Figure[]> {
  const taken = new Map<string, Taken>();
  for (let block = 0; block < BLOCKS; block += 1) {
    for (const risk of ['R0', 'R2'] as const) {
      const subjects = Array.from({ length: OF_A_BLOCK }, () => subjectOf(network, risk));
      for (const call of LIVES[risk]) {
        for (const subject of subjects) subject.token = await before(call, network, subject);
        await quiet(run);
        const ours = await inFlight(AT_ONCE, subjects, (subject) => call.ours(network, subject));
        await quiet(run);
        const bare = await inFlight(AT_ONCE, subjects, (subject) => call.bare(network, subject));
        note(taken, `${call.name} of ${risk}`, { ours, bare });
      }
    }
  }
  return figuresOf(taken, `${AT_ONCE} in flight`);
}

function note(taken: Map<string, Taken>, name: string, { ours, bare }: Taken): void {
  const sum = taken.get(name) ?? { ours: [], bare: [] };
  sum.ours.push(...ours);
  sum.bare.push(...bare);
  taken.set(name, sum);
}

const figuresOf = (taken: Map<string, Taken>, load: string): Figure[] =>
  [...taken].map(([name, { ours, bare }]) => {
    const [a, b] = [median(ours), median(bare)];
    return {
      what: `${name} : one bare transaction, ${load}, p50 (${millis(a)} : ${millis(b)})`,
      measured: a / b,
      bound: MOST,
      show: times,
    };
  });
