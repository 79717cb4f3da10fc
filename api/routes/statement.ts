import { Router } from 'express';
import { z } from 'zod';
import type { Tx } from '../../db/database';
import { balanceOf, ownerAccount, userAccount } from '../../db/ledger';
import { readStatement } from '../../db/statement';
import type { StatementEntry } from '../../db/statement';
import { formatUsdc } from '../../domain/money';
import { asUser } from '../../domain/principal';
import type { ApiContext } from '../context';

const PAGE = 1_000;

const Query = z.strictObject({
  account: z.enum(['wallet', 'earnings']).default('wallet'),
  format: z.enum(['json', 'csv']).default('json'),
  limit: z.coerce.number().int().min(1).max(PAGE).default(PAGE),
  cursor: z.exactOptional(z.string().regex(/^[1-9]\d{0,17}$/, 'must be the next_cursor of an earlier page')),
});

const ACCOUNTS = { wallet: userAccount, earnings: ownerAccount };

/** Every change of what a person can spend, or has earned, newest first. */
export function statementRoutes({ db, caller }: ApiContext): Router {
  const router = Router();
  router.get('/api/wallet/statement', async (req, res) => {
    const userId = await caller(req);
    const { account: name, format, limit, cursor } = Query.parse(req.query);
    const account = ACCOUNTS[name](userId);
    const page = (tx: Tx, before: bigint | null, most: number) =>
      readStatement(tx, { account, ownerId: userId, before, limit: most });
    if (format === 'csv') {
      res.type('text/csv').attachment(`mooring-${name}.csv`);
      res.write(`${HEAD.join(',')}\r\n`);
      // page by page, so that a long one is never held as a whole
      let before: bigint | null = null;
      do {
        const entries: StatementEntry[] = await db.withTx(asUser(userId), 'statement.page', (tx) =>
          page(tx, before, PAGE),
        );
        res.write(entries.map(lineOf).join(''));
        before = entries.length < PAGE ? null : (entries.at(-1)?.id ?? null);
      } while (before !== null);
      res.end();
      return;
    }
    const before = cursor === undefined ? null : BigInt(cursor);
    const { balance, found } = await db.withTx(asUser(userId), 'statement.read', async (tx) => ({
      balance: await balanceOf(tx, account),
      found: await page(tx, before, limit + 1),
    }));
    const entries = found.slice(0, limit);
    res.json({
      balance_usdc: formatUsdc(balance.balanceMicros),
      held_usdc: formatUsdc(balance.heldMicros),
      entries: entries.map(entryView),
      next_cursor: found.length > limit ? String(entries.at(-1)?.id) : null,
    });
  });
  return router;
}

const entryView = (entry: StatementEntry) => ({
  id: String(entry.id),
  at: entry.at,
  kind: entry.kind,
  amount_usdc: formatUsdc(entry.amountMicros),
  ...(entry.paymentId === null ? {} : { payment_id: entry.paymentId }),
  ...(entry.taskId === null ? {} : { task_id: entry.taskId }),
  ...(entry.counterparty === null ? {} : { counterparty: entry.counterparty }),
});

const HEAD = ['id', 'at', 'kind', 'amount_usdc', 'payment_id', 'task_id', 'counterparty'] as const;

function lineOf(entry: StatementEntry): string {
  const view: Partial<Record<(typeof HEAD)[number], string>> = entryView(entry);
  return `${HEAD.map((name) => cell(name, view[name] ?? '')).join(',')}\r\n`;
}

/** A name that a spreadsheet would run as a formula is told to be text. */
function cell(name: (typeof HEAD)[number], text: string): string {
  const safe = name === 'counterparty' && /^[=+\-@\t\r]/.test(text) ? `'${text}` : text;
  return /[",\r\n]/.test(safe) ? `"${safe.replaceAll('"', '""')}"` : safe;
}
