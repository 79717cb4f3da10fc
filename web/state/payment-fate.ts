import type { Frame } from '../../sdk/frames';
import type { PaymentFate } from './conversation';

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
    case 'PAYMENT_PENDING':
      return { kind: 'pending', isKnown: frame.data.state === 'HELD', at };
    case 'PAYMENT_FAILED':
    case 'PAYMENT_RELEASED':
      return { kind: 'ended', state: frame.data.state, reason: frame.data.reason_code ?? null, at };
  }
}
