import { setStage } from '../activities/stage';
import { OK } from '../activities/zoo';
import { seededRandom } from '../cuts/random';
import { expectOneInChat, raceInChat } from './chat-races';
import { expectOne } from './expect-one';
import { race } from './races';
import type { Raced } from './races';
import { openStageWorld } from './stage-world';

// The short form of test/races/every-race.test.ts, in this process. Who wins how often is the machine's affair.
const AT_ONCE = 5;

/** So many races, some at once. */
async function many(count: number, one: (number: number) => Promise<Raced>): Promise<void> {
  for (let number = 0; number < count; number += AT_ONCE) {
    (await Promise.all(Array.from({ length: AT_ONCE }, (_, at) => one(number + at)))).forEach(expectOne);
  }
}

test('of all that meets at the deadline of a task or a question one thing happens, and everybody is told that', async () => {
  const world = await openStageWorld();
  const random = seededRandom(7);
  try {
    for (const kind of ['inbox', 'question'] as const) {
      await many(35, (number) => race(world, { kind, number, random }));
    }
  } finally {
    await world.close();
  }
}, 180_000);

test('of all that meets at the deadline of a question in a chat one thing happens, and all windows and the model are told that', async () => {
  const stage = await setStage();
  try {
    const mailer = await stage.listAgent('Mailer', stage.zoo.keep('mailer', { invoke: OK }));
    const random = seededRandom(9);
    // One after the other: they have one scripted model.
    for (let number = 0; number < 30; number += 1) {
      expectOneInChat(await raceInChat(stage, { mailer, random }));
    }
  } finally {
    await stage.close();
  }
}, 180_000);
