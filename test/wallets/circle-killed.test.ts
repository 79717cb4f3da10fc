import { FAULTS, openCircleMachine, PAID_ONCE, POINTS } from './circle-machine';
import type { CircleMachine } from './circle-machine';

// Three of the pairs of a death and a fault; `npm run crash-test` has them all.
let machine: CircleMachine;
beforeAll(async () => {
  machine = await openCircleMachine();
}, 60_000);
afterAll(() => machine.close());

const SOME = POINTS.map((point, at) => ({ point, ...FAULTS[at % FAULTS.length]! })).filter(
  (_, at) => at % 4 === 2,
);

test.each(SOME)(
  'killed at $point, and a $call that meets $how $when: paid once',
  async (pair) => {
    expect(await machine.payOnce(pair)).toEqual(PAID_ONCE);
  },
  60_000,
);
