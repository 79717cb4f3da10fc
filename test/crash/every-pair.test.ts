import { FAULTS, FLOWS, onceOf, openCircleMachine } from '../wallets/circle-machine';
import type { CircleMachine } from '../wallets/circle-machine';

// `npm run crash-test`: each death of the platform while money moves at Circle, with each fault of Circle's in the same flow.
let machine: CircleMachine;
beforeAll(async () => {
  machine = await openCircleMachine();
}, 60_000);
afterAll(() => machine.close());

const PAIRS = FLOWS.flatMap((flow) =>
  flow.points.flatMap((point) => FAULTS.map((fault) => ({ flow, point, ...fault }))),
);

test.each(PAIRS)(
  '$flow.what, killed at $point, and a $call that meets $how $when: moved once',
  async (pair) => {
    expect(await machine.play(pair)).toEqual(onceOf(pair.flow));
  },
  60_000,
);
