import type { FoundOut, UnknownTransfer } from '../../sdk/money-types';
import { timeInWords } from '../../sdk/time-words';

type Step = UnknownTransfer['move']['step'];

export const STEP_WORDS: Record<Step, string> = {
  hold: 'Hold: out of the person’s wallet, into escrow',
  capture: 'Capture: out of escrow, to the agent’s owner',
  fee: 'Fee: out of escrow, to the platform',
  void: 'Return: out of escrow, back to the person',
  refund: 'Refund: from the agent’s owner, back to the person',
  refund_fee: 'Refund of the fee: from the platform, back to the person',
};

export const FOUND_WORDS: Record<FoundOut, string> = { made: 'it was made', not_made: 'it was not made' };

export const REFUSED_WORDS =
  'The network refused this transfer: it was not made. Make it there by hand, with a new key, then say that it was made.';

const AFTER: Record<Step, string> = {
  hold: 'it is held for the payment, which goes on',
  capture: 'the agent’s owner has it, and the payment goes on',
  fee: 'the platform has its fee, and the payment goes on',
  void: 'the person has it back, and the payment ends',
  refund: 'the person has it back',
  refund_fee: 'the person has it back',
};

/** What follows once two admins have said the same. */
export function whatFollows({ move, refund_id: refundId }: UnknownTransfer, outcome: FoundOut): string {
  if (outcome === 'made') return AFTER[move.step];
  if (refundId !== null) return 'the refund ends as failed, and the agent’s owner can spend it again';
  return 'the payment ends as failed, and the person can spend it again';
}

/** What is still needed, given what has been said. */
export function whatIsNeeded({ decisions }: Pick<UnknownTransfer, 'decisions'>): string {
  if (decisions.length === 0) return 'Nobody has said anything yet. Two admins have to say the same.';
  if (new Set(decisions.map(({ outcome }) => outcome)).size > 1)
    return 'They do not agree. One more admin has to say what happened.';
  return 'One more admin has to say the same.';
}

/** What comes of it that it was not made. Nobody is told to make it while the platform may: it would be paid twice. */
export function ifNotMadeWords(transfer: UnknownTransfer): string {
  switch (transfer.if_not_made) {
    case 'decides':
      return `With a second admin ${whatFollows(transfer, 'not_made')}.`;
    case 'may_be_sent':
      return `The platform may still send it, until ${timeInWords(transfer.move.sure_at, 'day')}: look again then, and make no other transfer for it before.`;
    case 'on_its_way':
      return 'The network has it, and may still make or refuse it: only its end there decides. One that hangs is accelerated or cancelled in the network’s console.';
    case 'must_be_made':
      return 'It is owed: make that transfer at the network, with a new key, then say that it was made.';
  }
}
