import { FAULTS, FLOWS, onceOf, openCircleMachine } from './circle-machine';
import type { CircleMachine } from './circle-machine';

// Of each flow one of the pairs of a death and a fault; `npm run crash-test` has them all.
let machine: CircleMachine;
beforeAll(async () => {
  machine = await openCircleMachine();
}, 60_000);
afterAll(() => machine.close());

const AT = ['circle-transfer.over', '@3', 'payment.settle.committed', 'refund.settle.committed', '@2'];
const SOME = FLOWS.map((flow, at) => ({
  flow,
  point: flow.points.find((point) => point.endsWith(AT[at] ?? '')) ?? '',
  ...FAULTS[at]!,
}));

test.each(SOME)(
  '$flow.what, killed at $point, and a $call that meets $how $when: moved once',
  async (pair) => {
    expect(await machine.play(pair)).toEqual(onceOf(pair.flow));
  },
  60_000,
);
