import type { Database } from '../../db/database';
import { OUTSIDE } from '../../db/ledger';
import { SYSTEM } from '../../domain/principal';
import { accountsOf, openWorld, perform } from './commands';
import type { Answer, Command } from './commands';
import { apply, expectAnswer, isPossible, newModel } from './model';
import type { Model } from './model';

let worlds = 0;

/**
 * Plays batches of commands in a world of their own: those of one batch at once, one batch after the other. After each
 * batch the ledger has answered and is as the model says. Gives how often each answer came.
 */
export async function play(db: Database, batches: Command[][]): Promise<Map<string, number>> {
  worlds += 1;
  const world = `w${process.pid}-${worlds}`;
  await openWorld(db, world);
  const model = newModel(world);
  const answers = new Map<string, number>();
  for (const batch of batches) {
    const given = await Promise.all(batch.map((wish) => perform(db, world, wish)));
    given.forEach((answer, at) => {
      const how = `${batch[at]?.do}: ${answer}`;
      answers.set(how, (answers.get(how) ?? 0) + 1);
    });
    const [only] = batch;
    if (batch.length === 1 && only !== undefined) expect(given).toEqual([expectAnswer(model, only)]);
    else follow(model, batch, given);
    expect(await balances(db, world)).toEqual(expectedBalances(model));
  }
  return answers;
}

/** Of commands at once each refusal must be one that some order of them explains; what was done has happened. */
function follow(model: Model, batch: Command[], given: Answer[]): void {
  const before = structuredClone(model);
  const done = batch.filter((_, at) => given[at] === 'created');
  // What a hold is ended with comes after the hold, in whatever order they were sent.
  const isEnd = (wish: Command): boolean => ['capture', 'void', 'expire'].includes(wish.do);
  for (const wish of [...done.filter((one) => !isEnd(one)), ...done.filter(isEnd)]) apply(model, wish);
  const strange = batch
    .map((wish, at) => ({ wish, answer: given[at] ?? 'created' }))
    .filter((refused) => !isPossible({ before, after: model, done }, refused));
  expect(strange).toEqual([]);
}

async function balances(db: Database, world: string): Promise<Record<string, [number, number]>> {
  const rows = await db.withTx(SYSTEM, 'test', (tx) =>
    tx.query<{ id: string; posted: bigint; held: bigint }>(
      `select id, posted_micros as posted, held_micros as held from ledger_accounts
        where id = any($1) and (posted_micros <> 0 or held_micros <> 0) order by id`,
      [accountsOf(world).map(({ id }) => id)],
    ),
  );
  return Object.fromEntries(rows.map(({ id, posted, held }) => [id, [Number(posted), Number(held)]]));
}

function expectedBalances({ posted, held }: Model): Record<string, [number, number]> {
  const accounts = [...new Set([...posted.keys(), ...held.keys()])].filter((id) => id !== OUTSIDE).sort();
  return Object.fromEntries(
    accounts
      .map((id): [string, [number, number]] => [id, [posted.get(id) ?? 0, held.get(id) ?? 0]])
      .filter(([, [has, reserved]]) => has !== 0 || reserved !== 0),
  );
}
