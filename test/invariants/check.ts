import { setTimeout as pause } from 'node:timers/promises';
import { messagesOnceInOrder, sequencesDense, turnsEndOnce } from './chat-invariants';
import { ledgerWhole } from './money-invariants';
import { attemptsBounded, decisionsHold, tasksEndOnce } from './task-invariants';
import { historiesReplay, noTaskFails, rowsAndRunsFit } from './workflow-invariants';
import type { Violation, World } from './world';

/** design.md's ten invariants, by their numbers there. */
export const INVARIANTS: { number: number; find: (world: World) => Promise<string[]> }[] = [
  { number: 1, find: messagesOnceInOrder },
  { number: 2, find: turnsEndOnce },
  { number: 3, find: sequencesDense },
  { number: 4, find: tasksEndOnce },
  { number: 5, find: attemptsBounded },
  { number: 6, find: decisionsHold },
  { number: 7, find: ledgerWhole },
  { number: 8, find: noTaskFails },
  { number: 9, find: historiesReplay },
  { number: 10, find: rowsAndRunsFit },
];

/** Every violation there is now. Waits are expected to be over: whoever calls has drained the work. */
export async function violationsOf(world: World): Promise<Violation[]> {
  const found: Violation[] = [];
  for (const { number, find } of INVARIANTS)
    found.push(...(await find(world)).map((what) => ({ invariant: number, what })));
  return found;
}

/**
 * Looks again until nothing is wrong, but for what is known already, or the time is over: recovery may take so long,
 * and no longer.
 */
export async function violationsAfter(
  world: World,
  { patienceMs, known }: { patienceMs: number; known: (violation: Violation) => boolean },
): Promise<Violation[]> {
  for (const from = Date.now(); ;) {
    const found = (await violationsOf(world)).filter((violation) => !known(violation));
    if (found.length === 0 || Date.now() - from > patienceMs) return found;
    await pause(100);
  }
}
