import type { Frame } from '../../sdk/frames';
import type { Payment, PaymentFate, Turn } from './conversation';

type Told =
  'PAYMENT_SUCCESSFUL' | 'PAYMENT_REFUNDED' | 'PAYMENT_PENDING' | 'PAYMENT_FAILED' | 'PAYMENT_RELEASED';

/** What a frame tells of a payment that was decided. */
export function fateOf(frame: Extract<Frame, { type: Told }>): PaymentFate {
  const { ts: at } = frame;
  switch (frame.type) {
    case 'PAYMENT_SUCCESSFUL':
      return { kind: 'paid', at, refunded: null };
    case 'PAYMENT_REFUNDED':
      return { kind: 'paid', at, refunded: frame.data.refunded_usdc };
    case 'PAYMENT_PENDING': {
      const { state, step = null, refused = false, move_usdc: moveUsdc = null } = frame.data;
      return { kind: 'pending', isKnown: state === 'HELD', step, refused, moveUsdc, at };
    }
    case 'PAYMENT_FAILED':
    case 'PAYMENT_RELEASED':
      return { kind: 'ended', state: frame.data.state, reason: frame.data.reason_code ?? null, at };
  }
}

/** What has become of a turn's money when the turn is over. */
export type Moved = 'paid' | 'refunded' | 'back' | 'unknown' | 'held' | 'asked' | 'nothing';

/** The line of steps says who declined, and what ran out. */
export function movedBy(fate: PaymentFate): Moved[] {
  switch (fate.kind) {
    case 'paid':
      return fate.refunded === null ? ['paid'] : ['paid', 'refunded'];
    case 'pending':
      return [fate.isKnown ? 'held' : 'unknown'];
    case 'asked':
      return ['asked'];
    case 'ended':
      if (fate.state === 'VOIDED' || fate.state === 'RECLAIMED') return ['back'];
      return fate.state === 'FAILED' ? ['nothing'] : [];
  }
}

/** The payments of a turn, by what has become of them. */
export const movesOf = (turn: Turn, payments: Record<string, Payment>): [Moved, Payment][] =>
  turn.paymentIds.flatMap((id) => {
    const payment = payments[id];
    if (payment === undefined) return [];
    return movedBy(payment.fate).map((moved): [Moved, Payment] => [moved, payment]);
  });
