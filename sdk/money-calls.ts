import type {
  Earnings,
  FoundOut,
  ReceivedPage,
  Statement,
  StatementAccount,
  UnknownTransfer,
} from './money-types';
import type { Http } from './http';

// A statement of years comes page by page.
const WHOLE_FILE_MS = 120_000;

/** What money did, as those read it whose it is. */
export interface MoneyCalls {
  /** Every change of an account, newest first; without a limit a thousand. */
  statement: (
    account: StatementAccount,
    page?: { limit?: number; cursor?: string | null },
  ) => Promise<Statement>;
  /** The same, all of it, as CSV. */
  statementCsv: (account: StatementAccount) => Promise<ArrayBuffer>;
  /** What this person's agents have earned. */
  earnings: () => Promise<Earnings>;
  /** What they were approved for, newest first. */
  receivedPayments: (page?: { cursor?: string | null }) => Promise<ReceivedPage>;
  /** Payments of which nobody knows whether money moved, oldest first; for admins. */
  unknownPayments: () => Promise<{ payments: UnknownTransfer[] }>;
  /** What an admin has found out of one; it counts when a second one says the same. */
  decideUnknown: (
    id: string,
    found: { ref_id: string; outcome: FoundOut; reason: string },
  ) => Promise<{ id: string; outcome: FoundOut; counts: boolean }>;
}

export function moneyCalls(http: Http): MoneyCalls {
  return {
    statement(account, { limit, cursor = null } = {}) {
      const query = new URLSearchParams({ account });
      if (limit !== undefined) query.set('limit', String(limit));
      if (cursor !== null) query.set('cursor', cursor);
      return http.call({ method: 'GET', path: `/api/wallet/statement?${query.toString()}` });
    },
    statementCsv: (account) =>
      http.file({
        method: 'GET',
        path: `/api/wallet/statement?format=csv&account=${account}`,
        waitMs: WHOLE_FILE_MS,
      }),
    earnings: () => http.call({ method: 'GET', path: '/api/earnings' }),
    receivedPayments({ cursor = null } = {}) {
      const query = new URLSearchParams(cursor === null ? {} : { cursor });
      return http.call({ method: 'GET', path: `/api/earnings/payments?${query.toString()}` });
    },
    unknownPayments: () => http.call({ method: 'GET', path: '/api/admin/unknown-payments' }),
    decideUnknown: (id, { ref_id, outcome, reason }) =>
      http.call({
        method: 'POST',
        path: `/api/admin/unknown-payments/${encodeURIComponent(id)}/decide`,
        body: { ref_id, outcome, reason },
      }),
  };
}
