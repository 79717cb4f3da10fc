import type { MooringClient } from '../sdk/client';
import { openBareTemporal } from './bare-temporal';
import type { BareTemporal, BareTime } from './bare-temporal';
import { openChat, signIn, timedTurn } from './chats';
import { median, millis, quantile, runBench, times, whole } from './figures';
import type { Figure } from './figures';
import { longChat } from './long-chat';
import { onMooring } from './profile';

const WARM_UP = 20;
const ROUNDS = 250;
const SAY = 'hello';
/** Nobody does this: a search, and an answer that says so. */
const SAY_WITH_TOOL = 'Please bake me a birthday cake';

interface Round {
  first: number;
  bareStart: BareTime;
  later: number;
  bareSignal: BareTime;
}

/** `npm run bench:turn`: what a turn costs over what Temporal alone costs, and whether a long chat costs more. */
async function main(): Promise<Figure[]> {
  return onMooring(async ({ run }) => {
    const bare = await openBareTemporal(run.temporal);
    try {
      const client = await signIn(run.api, 'bench@mooring.local');
      const rounds = await interleaved(client, bare);
      const events = await eventsOfToolTurn(client, bare);
      return [...ratios(rounds), events, ...(await longChat(client, run))];
    } finally {
      await bare.close();
    }
  });
}

/** One of each after the other, so that whatever else the machine does falls on both. */
async function interleaved(client: MooringClient, bare: BareTemporal): Promise<Round[]> {
  const rounds: Round[] = [];
  for (let count = 0; count < WARM_UP + ROUNDS; count += 1) {
    const chat = await openChat(client);
    const first = (await timedTurn(chat, SAY)).firstDeltaMs;
    const bareStart = await bare.start(`start-${count}`);
    const later = (await timedTurn(chat, SAY)).firstDeltaMs;
    const bareSignal = await bare.signalRunning(`running-${count}`);
    await chat.close();
    if (count >= WARM_UP) rounds.push({ first, bareStart, later, bareSignal });
  }
  return rounds;
}

function ratios(rounds: Round[]): Figure[] {
  const compare = (what: string, ours: number[], bare: number[]): Figure[] =>
    [
      { share: 0.5, name: 'p50', bound: 1.8 },
      { share: 0.99, name: 'p99', bound: 3 },
    ].map(({ share, name, bound }) => {
      const [a, b] = [quantile(ours, share), quantile(bare, share)];
      return { what: `${what}, ${name} (${millis(a)} : ${millis(b)})`, measured: a / b, bound, show: times };
    });
  const first = rounds.map((round) => round.first);
  const later = rounds.map((round) => round.later);
  return [
    ...compare(
      'first message → first delta : bare signal-with-start → result',
      first,
      rounds.map(({ bareStart }) => bareStart.resultMs),
    ),
    ...compare(
      'later message → first delta : bare signal → result',
      later,
      rounds.map(({ bareSignal }) => bareSignal.resultMs),
    ),
    {
      what: 'first message → first delta : bare signal-with-start → inside its activity, p50',
      measured: median(first) / median(rounds.map(({ bareStart }) => bareStart.activityMs)),
      show: times,
    },
    {
      what: 'later message → first delta : bare signal → inside its activity, p50',
      measured: median(later) / median(rounds.map(({ bareSignal }) => bareSignal.activityMs)),
      show: times,
    },
  ];
}

/** What a turn with one tool call adds to the history of a chat that has begun. */
async function eventsOfToolTurn(client: MooringClient, { client: temporal }: BareTemporal): Promise<Figure> {
  const chat = await openChat(client);
  const historyLength = async (): Promise<number> =>
    (await temporal.workflow.getHandle(`session/${chat.sessionId}`).describe()).historyLength;
  const quiet = async (): Promise<number> => {
    // The turn's last frame comes from within its last activity; the workflow then goes idle.
    for (let seen = -1; ;) {
      const length = await historyLength();
      if (length === seen) return length;
      seen = length;
      await new Promise((resolve) => setTimeout(resolve, 300));
    }
  };
  await timedTurn(chat, SAY);
  const before = await quiet();
  const { outcome } = await timedTurn(chat, SAY_WITH_TOOL);
  if (outcome !== 'answered') throw new Error(`the turn with a tool ended ${outcome}`);
  const events = (await quiet()) - before;
  await chat.close();
  return { what: 'history events of a turn with one tool call', measured: events, bound: 40, show: whole };
}

runBench(main);
