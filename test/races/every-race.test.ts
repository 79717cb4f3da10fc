import { setTimeout as pause } from 'node:timers/promises';
import { z } from 'zod';
import { seededRandom } from '../cuts/random';
import { expectOne } from './expect-one';
import { openMachineWorld } from './machine-world';
import { prepare } from './races';
import type { Raced } from './races';

// `npm run race-test`: 1,000 races on a whole machine, half of them at the end of a task's minute, half at that of a
// question; MOORING_TEST_SEED makes an earlier run's choices again.
const RACES = 1_000;
const APART_MS = 80;
// As many are made at once as a busy machine can: a task that is late for its race is none.
const AT_ONCE = 4;
const seed = z.coerce
  .number()
  .int()
  .parse(process.env['MOORING_TEST_SEED'] ?? Date.now() % 1_000_000);

test('of 1,000 races at a deadline each has one outcome, which all sides are told', async () => {
  process.stdout.write(`MOORING_TEST_SEED=${seed}\n`);
  const world = await openMachineWorld();
  const random = seededRandom(seed);
  try {
    const races: Promise<Raced>[] = [];
    for (const kind of ['inbox', 'question'] as const) {
      let made = 0;
      const makeOn = async (): Promise<void> => {
        for (let number = made; number < RACES / 2; number = made) {
          made += 1;
          const ready = prepare(world, { kind, number, random });
          const raced = ready.then((meet) => meet());
          // Met at the end, when all of them have ended, also when one has failed.
          raced.catch(() => undefined);
          races.push(raced);
          await Promise.all([ready.catch(() => undefined), pause(APART_MS * AT_ONCE)]);
        }
      };
      await Promise.all(Array.from({ length: AT_ONCE }, makeOn));
    }
    const ends = new Map<string, number>();
    for (const settled of await Promise.allSettled(races)) {
      if (settled.status === 'rejected') throw settled.reason;
      const raced = settled.value;
      expectOne(raced);
      const how = `${raced.question ?? 'no question'}, ${raced.ends[0]}`;
      ends.set(how, (ends.get(how) ?? 0) + 1);
    }
    process.stdout.write(`${[...ends].map(([how, count]) => `${count} ${how}`).join('; ')}\n`);
    expect(races).toHaveLength(RACES);
    expect(ends.size).toBeGreaterThan(3);
  } finally {
    await world.close();
  }
}, 900_000);
