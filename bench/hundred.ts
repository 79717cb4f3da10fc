import type { ChatConnection } from '../sdk/chat-connection';
import type { Frame } from '../sdk/frames';
import { signIn } from './chats';
import { megabytes, quantile, runBench, seconds, whole } from './figures';
import type { Figure } from './figures';
import { watchCpu } from './parts';
import { onMooring } from './profile';
import { processTree, totalRss } from './process-tree';

const SESSIONS = 100;
const TURNS = 3;
const LOST_MS = 300_000;

/** `npm run bench:hundred`: a hundred people at once who each have a free agent hired, and ask it for more. */
async function main(): Promise<Figure[]> {
  return onMooring(async ({ run }) => {
    const talks: Talk[] = [];
    for (let count = 0; count < SESSIONS; count += 1) {
      // Each a person: fairness, limits and budgets are by person.
      const client = await signIn(run.api, `bench-${count}@mooring.local`);
      const session = await client.createSession();
      talks.push(follow(client.connectSession(session.session_id, { admission: session })));
    }
    // A search before, as any server has had: what is made at the first one of all is not what is measured here.
    const [first] = talks;
    if (first !== undefined) await takeTurn(first, SESSIONS * TURNS);
    const before = first?.turnMs.splice(0).length ?? 0;
    const used = watchCpu(run);
    const from = performance.now();
    await Promise.all(talks.map((talk, index) => talkThrough(talk, index)));
    const tookMs = performance.now() - from;
    const cpu = used();
    const ms = talks.flatMap(({ turnMs }) => turnMs);
    const answered = talks.flatMap(({ outcomes }) => outcomes).filter((outcome) => outcome === 'answered');
    return [
      {
        what: 'turns not answered',
        measured: SESSIONS * TURNS + before - answered.length,
        bound: 0,
        show: whole,
      },
      {
        what: 'chats without exactly one completed task a turn',
        measured: talks.filter(({ tasks, outcomes }) => tasks.size !== outcomes.length).length,
        bound: 0,
        show: whole,
      },
      {
        what: 'chats whose frames were not dense and once each',
        measured: talks.filter(({ seqs }) => seqs.some((seq, index) => seq !== index + 1)).length,
        bound: 0,
        show: whole,
      },
      { what: 'throughput, turns a second', measured: (SESSIONS * TURNS * 1000) / tookMs, show: oneDigit },
      { what: 'message → end of its turn, p50', measured: quantile(ms, 0.5), show: seconds },
      { what: 'message → end of its turn, p99', measured: quantile(ms, 0.99), show: seconds },
      ...Object.entries(cpu).map(([part, cpuMs]) => ({
        what: `CPU of ${part}, of a core (${(cpuMs / SESSIONS / TURNS).toFixed(1)} ms a turn)`,
        measured: (cpuMs / tookMs) * 100,
        show: (value: number) => `${value.toFixed(0)} %`,
      })),
      {
        what: 'RSS of the platform',
        measured: totalRss(processTree([run.pids.platform ?? 0])),
        show: megabytes,
      },
    ];
  });
}

const oneDigit = (value: number): string => value.toFixed(1);

interface Talk {
  chat: ChatConnection;
  seqs: number[];
  turnMs: number[];
  outcomes: string[];
  /** ids of tasks that were completed */
  tasks: Set<string>;
  /** called at the end of each turn */
  turnEnded: () => void;
}

/** A chat of the product's own client, which sends again what was not taken. */
function follow(chat: ChatConnection): Talk {
  const talk: Talk = {
    chat,
    seqs: [],
    turnMs: [],
    outcomes: [],
    tasks: new Set(),
    turnEnded: () => undefined,
  };
  const read = async (): Promise<void> => {
    for await (const frame of chat.frames) note(talk, frame);
  };
  void read();
  return talk;
}

function note(talk: Talk, frame: Frame): void {
  if (frame.seq !== undefined) talk.seqs.push(frame.seq);
  if (frame.type === 'TASK_UPDATE' && frame.data.status === 'completed') talk.tasks.add(frame.data.task_id);
  if (frame.type !== 'TURN_END') return;
  talk.outcomes.push(frame.data.outcome);
  talk.turnEnded();
}

async function talkThrough(talk: Talk, index: number): Promise<void> {
  for (let turn = 0; turn < TURNS; turn += 1) await takeTurn(talk, index * TURNS + turn);
}

async function takeTurn(talk: Talk, seed: number): Promise<void> {
  const from = performance.now();
  const ended = new Promise<void>((resolve, reject) => {
    const timer = setTimeout(() => reject(new Error('a turn did not end in five minutes')), LOST_MS);
    talk.turnEnded = () => {
      clearTimeout(timer);
      resolve();
    };
  });
  await talk.chat.send(`Find the outliers in this table:\n${table(seed)}`).acked;
  await ended;
  talk.turnMs.push(performance.now() - from);
}

/** A table of nobody else's, so that no answer can be another's. */
const table = (seed: number): string =>
  [
    'day,visits',
    ...Array.from({ length: 12 }, (_, day) => `${day + 1},${day === 7 ? 900 + seed : 20 + day}`),
  ].join('\n');

runBench(main);
