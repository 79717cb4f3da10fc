import type { Earnings, ReceivedPayment } from '../../sdk/money-types';
import { heldWords, monthOf, receivedAmount, receivedBadge, standingOf } from '../../web/state/earnings';

const payment = (more: Partial<ReceivedPayment>): ReceivedPayment =>
  ({
    state: 'CAPTURED',
    amount_usdc: '0.36',
    captured_usdc: '0.36',
    refunded_usdc: '0.00',
    returning_usdc: '0.00',
    ...more,
  }) as ReceivedPayment;

test('the month is that of the server, wherever the reader is', () => {
  expect(monthOf({ month_since: '2026-11-01T00:00:00.000Z' })).toBe('November');
});

test('what is held says when it is earned, and what nobody knows of stands apart', () => {
  const held = (held_payments: number, unknown_payments = 0): string =>
    heldWords({ held_payments, unknown_payments, unknown_usdc: '0.40' } as Earnings);
  expect(held(0)).toBe('no work is under way');
  expect(held(1)).toBe('yours when one job is done');
  expect(held(2, 1)).toBe('yours when 2 jobs are done; 0.40 more not known yet');
});

test('a payment that was refunded in part, or charged in part, says so', () => {
  expect(receivedBadge(payment({})).words).toBe('Paid');
  expect(receivedAmount(payment({}))).toEqual({ amount: '0.36', sub: null });
  expect(receivedBadge(payment({ refunded_usdc: '0.10' })).words).toBe('Paid, in part refunded');
  expect(receivedBadge(payment({ refunded_usdc: '0.10', returning_usdc: '0.05' })).words).toBe(
    'Paid, being refunded',
  );
  expect(receivedAmount(payment({ refunded_usdc: '0.10' })).sub).toBe('0.10 of it refunded');
  expect(receivedBadge(payment({ captured_usdc: '0.24' })).words).toBe('Paid in part');
  expect(receivedAmount(payment({ captured_usdc: '0.24' }))).toEqual({ amount: '0.24', sub: 'of 0.36 held' });
  expect(receivedAmount(payment({ state: 'HELD', captured_usdc: null }))).toEqual({
    amount: '0.36',
    sub: null,
  });
});

test('an agent that is not open shows why, before its health', () => {
  expect(standingOf({ status: 'SUSPENDED', health: 'healthy' }).word).toBe('Suspended');
  expect(standingOf({ status: 'PENDING', health: null }).word).toBe('In review');
  expect(standingOf({ status: 'ACTIVE', health: 'degraded' }).word).toBe('Degraded');
  expect(standingOf({ status: 'ACTIVE', health: null }).word).toBe('Not known');
});
