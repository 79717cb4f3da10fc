import { FAULTS, openCircleMachine, PAID_ONCE, POINTS } from '../wallets/circle-machine';
import type { CircleMachine } from '../wallets/circle-machine';

// `npm run crash-test`: each death of the platform in a payment at Circle, with each fault of Circle's in the same payment.
let machine: CircleMachine;
beforeAll(async () => {
  machine = await openCircleMachine();
}, 60_000);
afterAll(() => machine.close());

test.each(POINTS.flatMap((point) => FAULTS.map((fault) => ({ point, ...fault }))))(
  'killed at $point, and a $call that meets $how $when: paid once',
  async (pair) => {
    expect(await machine.payOnce(pair)).toEqual(PAID_ONCE);
  },
  60_000,
);
