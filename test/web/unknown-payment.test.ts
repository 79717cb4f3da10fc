import type { UnknownTransfer } from '../../sdk/money-types';
import { isOwed, whatFollows, whatIsNeeded } from '../../web/state/unknown-payment';

const transfer = (
  more: Partial<UnknownTransfer> & { step: UnknownTransfer['move']['step'] },
): UnknownTransfer =>
  ({
    refund_id: null,
    must_be_made: false,
    ...more,
    move: { step: more.step },
  }) as unknown as UnknownTransfer;
const said = (...outcomes: ('made' | 'not_made')[]) => ({
  decisions: outcomes.map((outcome, at) => ({ admin: `a${at}`, outcome, reason: 'x', at: '' })),
});

test('what is still needed follows from what was said', () => {
  expect(whatIsNeeded(said())).toMatch(/^Nobody has said anything yet/);
  expect(whatIsNeeded(said('made'))).toBe('One more admin has to say the same.');
  expect(whatIsNeeded(said('made', 'not_made'))).toMatch(/^They do not agree/);
});

test('a hold that was not made ends the payment; what other money has moved for is owed until it is made', () => {
  expect(whatFollows(transfer({ step: 'hold' }), 'not_made')).toContain('the payment ends as failed');
  expect(whatFollows(transfer({ step: 'capture' }), 'made')).toContain('the agent’s owner has it');
  expect(whatFollows(transfer({ step: 'refund', refund_id: 'rfd_a' }), 'not_made')).toContain(
    'the refund ends',
  );
  expect(isOwed(transfer({ step: 'hold' }))).toBe(false);
  expect(isOwed(transfer({ step: 'capture', must_be_made: true }))).toBe(true);
});
