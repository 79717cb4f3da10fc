import { SYSTEM } from '../../domain/principal';
import { openChat } from '../harness/chat';
import { createMachine } from '../harness/platform';
import type { Machine } from '../harness/platform';

// Every place where the platform has done something and not yet reported it. At each the process kills itself once,
// in the middle of the main job; it is started again, and the job must end once, with one effect and one payment.
const FAILPOINTS = [
  'dispatch.before',
  'dispatch.sent',
  'model.before',
  'model.answered@2',
  'turn.record-step.committed@3',
  'tool.settle.committed',
  'tool.settle.committed@2',
  'tool.settle.committed@3',
  'payment.authorize.commit',
  'payment.authorize.committed',
  'hireAgent.report',
  'delivery.before',
  'delivery.answered',
  'task.record-outcome.committed',
  'payment.settle.commit',
  'payment.settle.committed',
];

const ASK =
  'How readable is this text: The committee will review the proposal. Then it decides. People wait for the answer.';

let machine: Machine;
beforeAll(async () => {
  machine = await createMachine();
}, 60_000);
afterAll(() => machine.close());

test.each(FAILPOINTS)(
  'a platform killed at %s: the turn ends once, one effect, one payment',
  async (failpoint) => {
    await machine.startPlatform([failpoint]);
    const chat = await openChat(machine.api, `${failpoint.replace(/\W/g, '-')}@example.test`);
    await chat.say('m1', ASK);
    await chat.answer(true);
    await chat.until(({ type }) => type === 'TURN_END');
    await chat.until(({ type }) => type === 'PAYMENT_SUCCESSFUL');

    expect(machine.deaths()).toBe(1);
    const frames = await chat.frames();
    const of = (wanted: string) => frames.filter(({ type }) => type === wanted);
    expect(frames.map(({ seq }) => seq)).toEqual(frames.map((_, index) => index + 1));
    expect(of('TURN_END').map(({ data }) => data['outcome'])).toEqual(['answered']);
    expect(of('USER_MESSAGE')).toHaveLength(1);
    expect(of('PAYMENT_REQUEST')).toHaveLength(1);
    expect(of('PAYMENT_SUCCESSFUL')).toHaveLength(1);
    expect(of('TASK_UPDATE').map(({ data }) => data['status'])).toEqual(['completed']);
    expect(await chat.wallet()).toEqual({ balance_usdc: '4.95', held_usdc: '0.00' });

    const taskId = of('TASK_UPDATE')[0]?.data['task_id'];
    const calls = (await machine.agentCalls('text-analyst')).filter(
      (call) => call.idempotency_key === taskId,
    );
    expect(calls.filter(({ status }) => status === 'completed')).toHaveLength(1);
    await expectBooksBalanced();
  },
  120_000,
);

/** The ledger sums to zero, and no hold has two outcomes or, once all is done, none. */
async function expectBooksBalanced(): Promise<void> {
  const [books] = await machine.database.db.withTx(SYSTEM, 'test', (tx) =>
    tx.query<{ sum: bigint; open: number }>(
      `select (select coalesce(sum(posted_micros), 0)::bigint from ledger_accounts) as sum,
              (select count(*)::int from ledger_transfers h where h.phase = 'pending'
                  and not exists (select from ledger_transfers e where e.pending_id = h.id)) as open`,
    ),
  );
  expect(books).toEqual({ sum: 0n, open: 0 });
}
