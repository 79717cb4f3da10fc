import type { OutsideWallet } from '../../db/wallet-moves';
import { refIdOf } from '../../domain/wallet';
import type { SubmittedMove } from '../../domain/wallet';
import type { Circle } from '../../lib/circle';
import { ask, isOf, Transactions } from './circle-answers';
import type { Transaction } from './circle-answers';

const PAGE = 50;
const MOST_PAGES = 40;
// Their clock and ours need not agree.
const EARLIER_MS = 600_000;

/** `unsure`: there may be one, so nothing is sent. */
type Found = { kind: 'one'; transaction: Transaction } | { kind: 'none' } | { kind: 'unsure'; why: string };

/** The transaction of a move, among all that has left its wallet since the move was written down. */
export async function findTransaction(
  circle: Circle,
  { move, from, to }: { move: SubmittedMove; from: OutsideWallet; to: OutsideWallet },
): Promise<Found> {
  const ours: Transaction[] = [];
  let pageAfter: string | undefined;
  for (let pages = 0; pages < MOST_PAGES; pages += 1) {
    const page = await pageOf(circle, { walletId: from.walletId, since: move.submittedAt, pageAfter });
    if (page === null) return { kind: 'unsure', why: 'what left its wallet cannot be listed now' };
    ours.push(...page.filter(({ refId }) => refId === refIdOf(move)));
    pageAfter = page.at(-1)?.id;
    if (page.length < PAGE || pageAfter === undefined) return choose(ours, { move, address: to.address });
  }
  return { kind: 'unsure', why: 'more has left its wallet than is read' };
}

function choose(ours: Transaction[], wanted: { move: SubmittedMove; address: string }): Found {
  const [transaction, second] = ours;
  if (transaction === undefined) return { kind: 'none' };
  if (second !== undefined) return { kind: 'unsure', why: `${ours.length} transactions bear its reference` };
  if (!isOf(transaction, wanted)) return { kind: 'unsure', why: 'its reference is on another transfer' };
  return { kind: 'one', transaction };
}

async function pageOf(
  circle: Circle,
  { walletId, since, pageAfter }: { walletId: string; since: string; pageAfter: string | undefined },
): Promise<Transaction[] | null> {
  try {
    const { transactions } = await ask(Transactions, 'a list of transactions', () =>
      circle.listTransactions({
        walletIds: [walletId],
        txType: 'OUTBOUND',
        from: new Date(Date.parse(since) - EARLIER_MS).toISOString(),
        pageSize: PAGE,
        ...(pageAfter === undefined ? {} : { pageAfter }),
      }),
    );
    return transactions;
  } catch {
    return null;
  }
}
