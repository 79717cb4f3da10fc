import type { UnknownTransfer } from '../../sdk/money-types';
import { ifNotMadeWords, whatFollows, whatIsNeeded } from '../../web/state/unknown-payment';

const transfer = (
  more: Partial<UnknownTransfer> & { step: UnknownTransfer['move']['step'] },
): UnknownTransfer =>
  ({
    refund_id: null,
    if_not_made: 'decides',
    ...more,
    move: { step: more.step, sure_at: '2026-11-21T13:05:00Z' },
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
  expect(ifNotMadeWords(transfer({ step: 'hold' }))).toContain('the payment ends as failed');
  expect(ifNotMadeWords(transfer({ step: 'capture', if_not_made: 'must_be_made' }))).toContain('make that');
});

test('nobody is told to make a transfer that the platform may still send', () => {
  const words = ifNotMadeWords(transfer({ step: 'capture', if_not_made: 'may_be_sent' }));
  expect(words).toMatch(/may still send it, until Saturday 21 November 2026, .*make no other transfer/);
  expect(ifNotMadeWords(transfer({ step: 'capture', if_not_made: 'on_its_way' }))).toContain('only its end');
});
