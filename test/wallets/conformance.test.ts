import type { WalletDriver } from '../../activities/wallets/driver';
import { setWalletStage } from './wallet-stage';
import type { WalletStage } from './wallet-stage';

let w: WalletStage;
beforeAll(async () => {
  w = await setWalletStage();
});
afterAll(() => w.close());

/** What every driver keeps, whatever it moves money with. */
describe.each([
  ['ledger', () => w.ledger],
  ['circle', () => w.circle()],
] as [string, () => WalletDriver][])('wallets at %s', (name, driverOf) => {
  const openBoth = async (driver: WalletDriver, account: string): Promise<void> => {
    await driver.openWallet(account);
    await driver.openWallet('platform/escrow');
    if (name === 'circle') await w.desk.fund(account, '1.00');
  };

  test('say which network they are at', () => {
    expect(driverOf().network).toBe(name === 'ledger' ? 'ledger' : 'BASE-SEPOLIA');
  });

  test('opening a wallet again changes nothing', async () => {
    const driver = driverOf();
    const { from } = await w.newMove();
    await openBoth(driver, from);
    const before = await driver.balance(from);
    await driver.openWallet(from);
    expect(await driver.balance(from)).toBe(before);
    expect(before).toBe(1_000_000n);
  });

  test('a move is done, and stays done under one reference however often it is looked at', async () => {
    const driver = driverOf();
    const move = await w.newMove();
    await openBoth(driver, move.from);
    const first = await w.begin(driver, move);
    const end = first.kind === 'done' ? first : await w.lookToEnd(driver, move);
    if (end.kind !== 'done') throw new Error(`it is ${end.kind}`);
    const again = { ...move, submittedAt: new Date().toISOString(), reference: end.reference };
    expect(await driver.look(again)).toEqual(end);
    expect(await driver.look(again)).toEqual(end);
    expect(end.reference).not.toBe('');
  });

  test('beginning a move again, under its key, moves nothing twice', async () => {
    const driver = driverOf();
    const move = await w.newMove();
    await openBoth(driver, move.from);
    const outcomes = [await w.begin(driver, move), await w.begin(driver, move)].map((outcome) =>
      outcome.kind === 'unknown' || outcome.kind === 'refused' ? outcome.kind : outcome.reference,
    );
    expect(new Set(outcomes).size).toBe(1);
  });

  test('the fee of a move can be asked for before it is made', async () => {
    const driver = driverOf();
    const move = await w.newMove();
    await openBoth(driver, move.from);
    expect(await driver.estimateFee(move)).toMatch(/^\d+(\.\d+)?$/);
  });
});
