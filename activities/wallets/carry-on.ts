import { Context } from '@temporalio/activity';
import type { Database } from '../../db/database';
import { lockMove, raiseAlarm, raiseRefusal, recordOutcome } from '../../db/wallet-moves';
import type { StoredMove } from '../../db/wallet-moves';
import { SYSTEM } from '../../domain/principal';
import { AGAINST, isAgainst, toldState } from '../../domain/wallet';
import { metrics } from '../../lib/metrics';
import type { Step } from '../payment-words';
import type { WalletDriver } from './driver';
import type { Awaited } from './payment-moves';

/** When a move is looked at again: seldom and seldomer, the older it is. */
export interface Looks {
  /** at first */
  pollMs: number;
  /** at last, while it is on its way */
  pollMaxMs: number;
  /** at last, while nobody knows of it */
  lostMaxMs: number;
  /** after this it is a matter for people */
  alarmMs: number;
}

export interface CarryDeps {
  db: Database;
  wallets: WalletDriver;
  looks: Looks;
}

/** Runs a step of what moves money, and again as long as the moves that it waits for come to their end on the way. */
export async function withMoves<P extends { lookAt?: string }>(
  deps: CarryDeps,
  step: () => Promise<Step<P>>,
): Promise<P> {
  const looked = new Map<string, StoredMove>();
  for (;;) {
    const { progress, awaited } = await step();
    if (awaited === null) return progress;
    const move = looked.get(awaited.key);
    if (move !== undefined) return { ...progress, lookAt: nextLook(move, deps.looks, Date.now()) };
    looked.set(awaited.key, await carryOn(deps, awaited));
  }
}

/**
 * Submits a move that was written down just now, or asks what has become of it: outside any transaction. What is known
 * then is a fact of its own.
 */
async function carryOn(deps: CarryDeps, { key, fresh, kind }: Awaited): Promise<StoredMove> {
  const { db, wallets, looks } = deps;
  const { log } = Context.current();
  const { move, isRefused } = await db.withTx(SYSTEM, 'wallet.read-move', async (tx) => {
    const stored = await lockMove(tx, key);
    return { move: stored, isRefused: kind === 'refused' && (await raiseRefusal(tx, stored)) };
  });
  if (isRefused) {
    metrics.walletAlarms.inc({ step: move.step });
    log.error('a move of money was refused, and people have to make it', { step: move.step });
  }
  if (move.endedAt !== null || move.byHand !== null) return move;
  const outcome = fresh ? await wallets.submit(move) : await wallets.look(move);
  if (outcome.kind === 'unknown') log.warn(`it is not known whether money moved: ${outcome.why}`);
  const { now, isLate, isWrong } = await db.withTx(SYSTEM, 'wallet.outcome', async (tx) => {
    const stored = await recordOutcome(tx, await lockMove(tx, key), outcome);
    const told = toldState(outcome);
    const isWrong =
      stored.endedAt === null && stored.byHand !== null && told !== null && isAgainst(stored.byHand, told);
    return { now: stored, isWrong, isLate: await raiseAlarm(tx, stored, looks.alarmMs) };
  });
  if (now.state === 'STUCK' && move.state !== 'STUCK') log.warn('a transfer is STUCK: its fee is too low');
  if (isWrong) {
    metrics.walletAlarms.inc({ step: now.step });
    log.error(AGAINST, { step: now.step });
  }
  if (isLate) {
    metrics.walletAlarms.inc({ step: now.step });
    log.error(`a move of money has not come to its end in time: ${now.state}`, { step: now.step });
  }
  return now;
}

/** The next look, and never later than the alarm. One that has ended waits for people, who wake whatever waits for it. */
function nextLook(move: StoredMove, looks: Looks, nowMs: number): string {
  if (move.endedAt !== null) return new Date(nowMs + looks.lostMaxMs).toISOString();
  const sinceMs = Date.parse(move.unknownSince ?? move.submittedAt);
  const most = move.unknownSince === null ? looks.pollMaxMs : looks.lostMaxMs;
  const at = nowMs + Math.min(most, Math.max(looks.pollMs, (nowMs - sinceMs) / 4));
  const alarmAt = sinceMs + looks.alarmMs;
  return new Date(nowMs < alarmAt ? Math.min(at, alarmAt) : at).toISOString();
}
