import { createCircleWallets } from '../../activities/wallets/circle';
import type { WalletDriver } from '../../activities/wallets/driver';
import { createLedgerWallets } from '../../activities/wallets/ledger';
import { lockMove, openMove, recordOutcome } from '../../db/wallet-moves';
import type { StoredMove } from '../../db/wallet-moves';
import { SYSTEM } from '../../domain/principal';
import type { MoveOutcome, MoveStep, WalletMove } from '../../domain/wallet';
import { stableKey } from '../../lib/stable-key';
import { setStage } from '../activities/stage';
import type { Stage } from '../activities/stage';
import { OK } from '../activities/zoo';
import { openCircleDesk, PLACE } from './circle-desk';
import type { CircleDesk } from './circle-desk';

export interface WalletStage {
  stage: Stage;
  desk: CircleDesk;
  circle: (windows?: { resendMs?: number }) => WalletDriver;
  ledger: WalletDriver;
  /** A move of 0.05 USDC of a new payment, between two accounts of its own. */
  newMove: (step?: MoveStep) => Promise<WalletMove>;
  /** As the platform does it: written down, committed, submitted, the outcome written down. */
  begin: (driver: WalletDriver, move: WalletMove) => Promise<MoveOutcome>;
  look: (driver: WalletDriver, move: WalletMove) => Promise<MoveOutcome>;
  /** Looks until it has come to its end, or this often. */
  lookToEnd: (driver: WalletDriver, move: WalletMove, times?: number) => Promise<MoveOutcome>;
  stored: (move: WalletMove) => Promise<StoredMove>;
  close: () => Promise<void>;
}

export async function setWalletStage({ timeoutMs = 5_000 } = {}): Promise<WalletStage> {
  const stage = await setStage();
  const desk = await openCircleDesk({ timeoutMs });
  const agentId = await stage.listAgent('Good', stage.zoo.keep('good', { invoke: OK }));
  const { db } = stage.t;
  const write = (move: WalletMove, outcome: MoveOutcome) =>
    db.withTx(SYSTEM, 'test', async (tx) => recordOutcome(tx, await lockMove(tx, move.key), outcome));
  const stored: WalletStage['stored'] = (move) => db.withTx(SYSTEM, 'test', (tx) => lockMove(tx, move.key));
  const look: WalletStage['look'] = async (driver, move) => {
    const outcome = await driver.look(await stored(move));
    await write(move, outcome);
    return outcome;
  };
  return {
    stage,
    desk,
    circle: ({ resendMs = 60_000 } = {}) =>
      createCircleWallets({ db, circle: desk.circle, ...PLACE, resendMs }),
    ledger: createLedgerWallets({ db }),
    async newMove(step = 'hold') {
      const chat = await stage.openChat();
      await chat.say('read this');
      const { paymentId } = await chat.askToPay(agentId);
      const key = stableKey(paymentId, step);
      return {
        key,
        paymentId,
        step,
        refundId: null,
        from: `user/${chat.userId}`,
        to: 'platform/escrow',
        amountMicros: 50_000n,
      };
    },
    async begin(driver, move) {
      const { known, open } = await db.withTx(SYSTEM, 'test', async (tx) => ({
        known: await driver.begin(tx, move),
        open: await openMove(tx, move.paymentId),
      }));
      if (known !== null) return known;
      if (open === null) throw new Error('nothing was written down');
      const outcome = await driver.submit(open);
      await write(move, outcome);
      return outcome;
    },
    look,
    async lookToEnd(driver, move, times = 200) {
      let outcome = await look(driver, move);
      for (let left = times; left > 0 && outcome.kind !== 'done' && outcome.kind !== 'refused'; left -= 1) {
        outcome = await look(driver, move);
      }
      return outcome;
    },
    stored,
    close: async () => {
      await desk.close();
      await stage.close();
    },
  };
}
