import { ownerAccount, wallet } from '../../db/ledger';
import { proveLedger } from '../../db/ledger-proof';
import { SYSTEM } from '../../domain/principal';
import { run, setStage } from './stage';
import type { Stage } from './stage';
import type { TestChat } from './test-chat';
import { json } from './zoo';

// The price is 0.05 USDC, of which the platform takes 2.5 %.
let stage: Stage;
let agents = 0;
beforeAll(async () => {
  stage = await setStage({ feeBasisPoints: 250 });
});
afterEach(async () => {
  expect(await stage.t.db.withTx(SYSTEM, 'test', proveLedger)).toMatchObject({ problems: [] });
});
afterAll(() => stage.close());

interface Worked {
  chat: TestChat;
  paymentId: string;
  earned: bigint;
  fees: bigint;
}

/** An agent that answers so is hired, paid for beforehand and settled with. */
async function work(answer: object): Promise<Worked> {
  agents += 1;
  const name = `charger-${agents}`;
  const agentId = await stage.listAgent(name, stage.zoo.keep(name, { invoke: json(answer) }));
  const before = await platform();
  const chat = await stage.openChat({ wallet: '1.00' });
  await chat.say('read this');
  const { paymentId } = await chat.askToPay(agentId);
  await chat.decide(paymentId, true);
  const now = new Date().toISOString();
  await run(stage.activities.authorizePayment, { paymentId, asOf: now });
  await chat.use('invoke_agent', { agent_id: agentId, action: 'read', arguments: {} });
  await run(stage.activities.deliverTask, { taskId: await chat.lastTask() });
  await run(stage.activities.settlePayment, { paymentId, asOf: now });
  const after = await platform();
  return { chat, paymentId, earned: after.earned - before.earned, fees: after.fees - before.fees };
}

async function platform(): Promise<{ earned: bigint; fees: bigint }> {
  return stage.t.db.withTx(SYSTEM, 'test', async (tx) => {
    const [owner] = await tx.query<{ id: string }>(`select id from users where email = 'owner@example.test'`);
    const [row] = await tx.query<{ earned: bigint; fees: bigint }>(
      `select coalesce(sum(posted_micros) filter (where id = $1), 0)::bigint as earned,
              coalesce(sum(posted_micros) filter (where kind = 'fees'), 0)::bigint as fees from ledger_accounts`,
      [ownerAccount(owner?.id ?? '')],
    );
    return row ?? { earned: 0n, fees: 0n };
  });
}

const purse = ({ chat }: Worked) => stage.t.db.withTx(SYSTEM, 'test', (tx) => wallet(tx, chat.userId));
const stateOf = async ({ chat, paymentId }: Worked) =>
  (
    await chat.rows<{ state: string; captured: bigint | null; events: string }>(
      `select state, captured_micros as captured,
              (select string_agg(to_state, ' ' order by id) from payment_events where payment_id = p.id) as events
         from payments p where id = $1`,
      [paymentId],
    )
  )[0];

test('the fee is said before it is approved, and taken from what the owner is paid', async () => {
  const paid = await work({ ok: true, output: 1 });
  expect(await paid.chat.frames('PAYMENT_REQUEST')).toMatchObject([
    { amount_usdc: '0.05', fee_usdc: '0.00125' },
  ]);
  expect(await paid.chat.frames('PAYMENT_SUCCESSFUL')).toMatchObject([{ amount_usdc: '0.05' }]);
  expect(await purse(paid)).toEqual({ balanceMicros: 950_000n, heldMicros: 0n });
  expect(paid).toMatchObject({ earned: 48_750n, fees: 1_250n });
  expect(await stateOf(paid)).toEqual({
    state: 'CAPTURED',
    captured: 50_000n,
    events: 'AWAITING_APPROVAL AUTHORIZING HELD CAPTURED',
  });
});

test('an agent that charges less is paid less, the fee of it too, and the rest is free again', async () => {
  const paid = await work({ ok: true, output: 1, charge_usdc: '0.020001' });
  expect(await paid.chat.frames('PAYMENT_SUCCESSFUL')).toMatchObject([
    { amount_usdc: '0.020001', returned_usdc: '0.029999' },
  ]);
  expect(await purse(paid)).toEqual({ balanceMicros: 979_999n, heldMicros: 0n });
  // 2.5 % of it is 500.025 millionths: rounded down
  expect(paid).toMatchObject({ earned: 19_501n, fees: 500n });
  expect(await stateOf(paid)).toMatchObject({ state: 'CAPTURED', captured: 20_001n });
});

test('an agent that charges nothing is paid nothing', async () => {
  const paid = await work({ ok: true, output: 1, charge_usdc: '0' });
  expect(await purse(paid)).toEqual({ balanceMicros: 1_000_000n, heldMicros: 0n });
  expect(paid).toMatchObject({ earned: 0n, fees: 0n });
  expect(await paid.chat.frames('PAYMENT_RELEASED')).toMatchObject([
    { state: 'VOIDED', reason_code: 'nothing_charged' },
  ]);
});

test.each([
  ['more than the price', '0.050001'],
  ['seven decimals', '0.0100000'],
  ['a negative amount', '-0.01'],
  ['an exponent', '1e-2'],
  ['2^63 millionths', '9223372036854.775808'],
  ['another currency', '0.01 EUR'],
  ['a number', 0.01],
])(
  'an agent that charges %s has not answered: the task fails and all of it comes back',
  async (_what, charge) => {
    const paid = await work({ ok: true, output: 1, charge_usdc: charge });
    expect(await purse(paid)).toEqual({ balanceMicros: 1_000_000n, heldMicros: 0n });
    expect(paid).toMatchObject({ earned: 0n, fees: 0n });
    expect(await stateOf(paid)).toMatchObject({ state: 'VOIDED', captured: null });
    expect(
      await paid.chat.rows('select error_code from tasks where payment_id = $1', [paid.paymentId]),
    ).toEqual([{ error_code: 'agent_bad_answer' }]);
  },
);

test.each([
  ['CAPTURED', 'HELD'],
  ['CAPTURED', 'VOIDED'],
  ['CAPTURED', 'AUTHORIZING'],
])('the database refuses a payment that goes from %s to %s', async (from, to) => {
  const paid = await work({ ok: true, output: 1 });
  expect(await stateOf(paid)).toMatchObject({ state: from });
  await expect(
    paid.chat.rows('update payments set state = $2, captured_micros = null where id = $1', [
      paid.paymentId,
      to,
    ]),
  ).rejects.toThrow(/payment_events_from_state_to_state_fkey/);
});
