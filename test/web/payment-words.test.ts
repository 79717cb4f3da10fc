import type { PaymentPage, PaymentState } from '../../sdk/money-types';
import { PAYMENT_STATES } from '../../sdk/money-types';
import { PAYMENT_EDGES } from '../../domain/payment';
import { MOVE_STEPS } from '../../domain/wallet';
import type { MoveStep } from '../../domain/wallet';
import { movedBy } from '../../web/state/payment-fate';
import { moneyLine } from '../../web/state/money-line';
import { amountOf, badgeOf, fateWords, goesOn } from '../../web/state/payment-words';
import { pendingWords, unknownTitle, unknownWords } from '../../web/state/unknown-words';

const AT = '2026-11-23T10:00:00.000Z';
const payment = (state: PaymentState, more: Partial<PaymentPage> = {}): PaymentPage => ({
  ...{ id: 'pay_a', state, agent_id: 'agt_a', agent_name: 'Fairpost', action: 'send_newsletter' },
  ...{
    amount_usdc: '0.40',
    fee_usdc: '0.01',
    refunded_usdc: '0.00',
    returning_usdc: '0.00',
    decided_by: 'person' as const,
  },
  captured_usdc: ['CAPTURED', 'REFUNDED', 'DISPUTED'].includes(state) ? '0.40' : null,
  ...{ withdrawn: null, session_id: 'ses_a', task_id: null, task_status: null },
  ...{ created_at: AT, expires_at: AT, capture_deadline: AT, side: 'payer' as const },
  ...{ refundable_usdc: null, unknown: null, events: [{ state, at: AT }], refunds: [] },
  ...more,
});

test.each(PAYMENT_STATES)('%s leaves no doubt whether money has moved', (state) => {
  const words = fateWords(payment(state));
  expect(words).toMatch(/paid|came back|stays held/);
  const said = /nothing (was|is)( held or)? paid|not paid|came back/i.test(words);
  const mayHavePaid = ['CAPTURED', 'REFUNDED', 'DISPUTED', 'UNKNOWN'].includes(state);
  expect({ state, saysThatNothingWasPaid: said }).toEqual({ state, saysThatNothingWasPaid: !mayHavePaid });
  expect(badgeOf(payment(state)).words).not.toBe('');
});

test.each(PAYMENT_STATES)(
  'the line of a payment in %s says what comes next exactly while something does',
  (state) => {
    const line = moneyLine(payment(state));
    const open = line.some(({ kind }) => ['wait', 'now', 'todo'].includes(kind));
    const goesOnByItself = PAYMENT_EDGES[state].length > 0 && state !== 'CAPTURED';
    expect(open).toBe(goesOnByItself);
  },
);

test('what is not known is told by the transfer of which nobody knows, hatched on the line, and found out later', () => {
  const title = (step: MoveStep, refused = false) =>
    unknownTitle(payment('UNKNOWN'), { step, refused, move_usdc: null });
  expect(title('hold')).toMatch(/has left your wallet$/);
  expect(title('void')).toMatch(/came back to you$/);
  expect(title('capture')).toBe('We do not know yet whether Fairpost was paid 0.40 USDC');
  expect(title('capture', true)).toBe(
    'Fairpost is not paid yet: the network refused the transfer of 0.40 USDC',
  );
  expect(title('void', true)).toContain('has not come back to you yet: the network refused');
  expect(title('fee')).toBe('Fairpost is paid; only whether the platform got its fee is not known yet');
  const events = (['AUTHORIZING', 'UNKNOWN', 'HELD'] as const).map((state) => ({ state, at: AT }));
  expect(moneyLine(payment('HELD', { events })).slice(0, 3)).toMatchObject([
    { kind: '', words: 'You approved 0.40 USDC' },
    { kind: 'fog', words: 'We do not know yet whether 0.40 USDC for Fairpost has left your wallet' },
    { kind: '', words: 'It was found out: 0.40 USDC is held' },
  ]);
});

test('what was charged in part, refunded in part, or waits for the person has its own words', () => {
  const part = payment('CAPTURED', { captured_usdc: '0.24' });
  expect([badgeOf(part).words, amountOf(part)]).toEqual([
    'Paid in part',
    { amount: '0.24', sub: 'of 0.40 held' },
  ]);
  expect(fateWords(part)).toContain('0.16 USDC came back');
  const done = { state: 'done' as const, failure: null, unknown: null, at: AT };
  const refunds = [{ ...done, amount_usdc: '0.10', reason: 'one page was missing' }];
  const refunded = payment('CAPTURED', { refunded_usdc: '0.10', refunds });
  expect([badgeOf(refunded).words, amountOf(refunded).sub]).toEqual([
    'Paid, in part refunded',
    '0.10 of it came back',
  ]);
  expect(moneyLine(refunded).at(-1)).toMatchObject({
    words: '0.10 USDC was refunded',
    note: 'one page was missing',
  });
  const returning = payment('CAPTURED', {
    returning_usdc: '0.10',
    refunds: refunds.map((one) => ({ ...one, state: 'pending' })),
  });
  expect(fateWords(returning)).toContain('0.10 USDC of it is on its way back to you');
  expect(moneyLine(returning).at(-1)).toMatchObject({ kind: 'now', words: '0.10 USDC is on its way back' });
  expect(badgeOf(returning).words).toBe('Paid, being refunded');
  const waits = payment('HELD', { task_id: 'tsk_a', task_status: 'waiting_human_confirm' });
  expect(badgeOf(waits)).toMatchObject({ words: 'Held, waits for you', tone: 'wait' });
  expect(fateWords(waits)).toContain('waits until you confirm');
});

test('what was taken back says why, and the owner of an agent is not called the payer', () => {
  expect(fateWords(payment('DECLINED', { withdrawn: 'session_closed' }))).toContain('the chat was closed');
  const owner = payment('AUTHORIZING', { side: 'owner' });
  expect(moneyLine(owner)[0]?.words).toBe('The payer approved 0.40 USDC');
  expect(fateWords(payment('CAPTURED', { side: 'owner' }))).toContain(
    '0.39 of it to you, 0.01 to the platform',
  );
  expect(fateWords(payment('VOIDED', { side: 'owner' }))).toContain('went back to the payer');
});

test('under a turn stands what became of its money, whatever was told of it', () => {
  expect(movedBy({ kind: 'paid', at: AT, refunded: null })).toEqual(['paid']);
  expect(movedBy({ kind: 'paid', at: AT, refunded: '0.1' })).toEqual(['paid', 'refunded']);
  expect(
    movedBy({ kind: 'pending', isKnown: false, step: 'capture', refused: false, moveUsdc: null, at: AT }),
  ).toEqual(['unknown']);
  expect(
    movedBy({ kind: 'pending', isKnown: true, step: null, refused: false, moveUsdc: null, at: AT }),
  ).toEqual(['held']);
  const ends = PAYMENT_STATES.map((state) => [
    state,
    movedBy({ kind: 'ended', state, reason: null, at: AT }),
  ]);
  expect(Object.fromEntries(ends)).toMatchObject({
    ...{ VOIDED: ['back'], RECLAIMED: ['back'], FAILED: ['nothing'], DECLINED: [], EXPIRED: [] },
  });
});

test.each([
  ['payer', 'The amount is with the owner of Fairpost again, who can refund it again.'],
  ['owner', 'nothing moved, and the amount is yours again. You can refund it again.'],
  ['platform', 'The amount is with the owner of Fairpost again, they, or you, can refund it again.'],
] as const)('a refund that failed says to the %s why, where its money is and who can act', (side, where) => {
  const failed = { state: 'failed' as const, failure: 'wallet_denied' as const, unknown: null, at: AT };
  const seen = payment('CAPTURED', { side, refunds: [{ ...failed, amount_usdc: '0.10', reason: 'late' }] });
  for (const words of [fateWords(seen), moneyLine(seen).at(-1)?.sub ?? '']) {
    expect(words).toContain('The network of the wallets denied the transfer');
    expect(words).toContain(where);
  }
});

test('a page follows its payment while anything of it moves, a refund too', () => {
  const refund = { amount_usdc: '0.10', reason: 'late', failure: null, unknown: null, at: AT };
  const is = (state: 'pending' | 'done') =>
    goesOn(
      payment('CAPTURED', {
        returning_usdc: state === 'pending' ? '0.10' : '0.00',
        refunds: [{ ...refund, state }],
      }),
    );
  expect([is('pending'), is('done'), goesOn(payment('HELD'))]).toEqual([true, false, true]);
});

test.each(MOVE_STEPS)('a %s that was refused is not told as one that nobody knows of', (step) => {
  const seen = (refused: boolean) => {
    const unknown = { step, refused, move_usdc: '0.10', since: AT };
    const chat = pendingWords({ agentName: 'Fairpost', amount: '0.40' }, { step, refused, moveUsdc: '0.10' });
    return [unknownWords(payment('UNKNOWN'), unknown), chat.join('0.10 USDC')];
  };
  expect(seen(false)[0]).toContain('has no clear answer');
  expect(seen(true)[0]).toMatch(/said no .* make it by hand/);
  if (step !== 'hold') expect(seen(true)[1]).not.toBe(seen(false)[1]);
  for (const words of [...seen(true), ...seen(false)])
    expect(words).toMatch(/stays held.* no second payment/);
  const line = moneyLine(
    payment('UNKNOWN', { unknown: { step, refused: true, move_usdc: null, since: AT } }),
  );
  expect(line.at(-2)).toMatchObject({ kind: 'now', words: 'People make the refused transfer by hand' });
});

test('a chat that waits for what was not charged does not doubt that the agent is paid', () => {
  const asked = { agentName: 'Fairpost', amount: '0.40' };
  const words = (moveUsdc: string) => pendingWords(asked, { step: 'void', refused: false, moveUsdc })[0];
  expect(words('0.16')).toBe('Fairpost is paid what it charged. We do not know yet whether ');
  expect(words('0.40')).toBe('We do not know yet whether ');
});

test('when the work is done, and its money still moves, nobody reads that it is to be done', () => {
  const done = payment('HELD', { task_id: 'tsk_a', task_status: 'completed' });
  expect(badgeOf(done).words).toBe('Work done, being paid');
  expect(fateWords(done)).toContain(
    'The work is done: what Fairpost charged for it is on its way to the owner of Fairpost',
  );
  expect(fateWords({ ...done, side: 'owner' })).toContain('is on its way to you');
  expect(moneyLine(done).at(-1)?.words).toBe(
    'The work is done, the money is on its way to the owner of Fairpost',
  );
});

test.each([
  ['failed', { task_id: 'tsk_a', task_status: 'failed' }],
  ['expired', { task_id: 'tsk_a', task_status: 'expired' }],
  ['taken back', { withdrawn: 'turn_cancelled' }],
] as const)('a hold whose work is %s is told as on its way back while its money moves', (_how, more) => {
  const back = payment('HELD', more);
  expect(badgeOf(back).words).toBe('On its way back');
  expect(fateWords(back)).toBe(
    'Nothing is paid: all 0.40 USDC is on its way back to you. Until it has moved it stays held.',
  );
  expect(fateWords({ ...back, side: 'owner' })).toContain('on its way back to the payer');
  expect(moneyLine(back).at(-1)).toMatchObject({ kind: 'now', words: 'All of it is on its way back' });
});

test('a refund that nobody knows of, or that people make, is not told as moving by itself', () => {
  const seen = (refused: boolean, side: 'payer' | 'owner' = 'payer') => {
    const unknown = { step: 'refund_fee' as const, move_usdc: '0.01', refused, since: AT };
    const refund = { amount_usdc: '0.10', reason: 'late', state: 'pending' as const, failure: null, at: AT };
    return payment('CAPTURED', { side, returning_usdc: '0.10', refunds: [{ ...refund, unknown }] });
  };
  for (const one of [seen(false), seen(true), seen(false, 'owner'), seen(true, 'owner')])
    expect(fateWords(one)).not.toContain('by itself');
  expect(fateWords(seen(false))).toContain(
    'We do not know yet whether 0.01 of the 0.10 USDC that is given back has come back to you',
  );
  expect(fateWords(seen(true, 'owner'))).toMatch(/0\.01 has not come back to the payer .* make it by hand/);
  expect(moneyLine(seen(false)).at(-1)).toMatchObject({
    kind: 'fog',
    words: 'We do not know yet whether 0.10 USDC came back',
  });
  expect(moneyLine(seen(true)).at(-1)?.sub).toBe('People make its refused transfer by hand');
});
