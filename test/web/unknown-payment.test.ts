import type { UnknownTransfer } from '../../sdk/api-types';
import { isOwed, whatFollows, whatIsNeeded } from '../../web/state/unknown-payment';

const payment = (step: UnknownTransfer['move']['step']): UnknownTransfer =>
  ({ move: { step, amount_usdc: '0.40' } }) as UnknownTransfer;
const said = (...outcomes: ('made' | 'not_made')[]) => ({
  decisions: outcomes.map((outcome, at) => ({ admin: `a${at}`, outcome, reason: 'x', at: '' })),
});

test('what is still needed follows from what was said', () => {
  expect(whatIsNeeded(said())).toMatch(/^Nobody has said anything yet/);
  expect(whatIsNeeded(said('made'))).toBe('One more admin has to say the same.');
  expect(whatIsNeeded(said('made', 'not_made'))).toMatch(/^They do not agree/);
});

test('a hold that was not made ends the payment; what goes out of escrow is owed until it is made', () => {
  expect(whatFollows(payment('hold'), 'not_made')).toContain('ends as failed');
  expect(whatFollows(payment('capture'), 'made')).toContain('the agent’s owner has it');
  expect(isOwed(payment('hold'))).toBe(false);
  expect((['capture', 'fee', 'void', 'refund'] as const).map((step) => isOwed(payment(step)))).toEqual([
    true,
    true,
    true,
    true,
  ]);
});
