import type { Statement, StatementAccount } from '../../sdk/money-types';
import type { MooringClient } from '../../sdk/client';

/** All of a statement, page by page; what comes meanwhile is not in it. */
export async function wholeStatement(
  client: Pick<MooringClient, 'statement'>,
  account: StatementAccount,
): Promise<Omit<Statement, 'next_cursor'> & { account: StatementAccount }> {
  const { next_cursor: first, ...whole } = await client.statement(account);
  for (let cursor = first; cursor !== null;) {
    const page = await client.statement(account, { cursor });
    whole.entries.push(...page.entries);
    cursor = page.next_cursor;
  }
  return { account, ...whole };
}
