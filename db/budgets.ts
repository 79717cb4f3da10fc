import { MooringError } from '../domain/errors';
import { formatUsdc } from '../domain/money';
import type { MicroUsdc } from '../domain/money';
import type { Tx } from './database';

/** What a person may spend over all their chats in a day and in a month, both of UTC. Null: as much as there is. */
export interface Budgets {
  dayMicros: MicroUsdc | null;
  monthMicros: MicroUsdc | null;
}

/** What they have approved since both began: what is held or paid, less what came back. */
export interface Approved {
  dayMicros: MicroUsdc;
  monthMicros: MicroUsdc;
}

/** The same in its parts. */
export interface ApprovedParts {
  paidMicros: MicroUsdc;
  heldMicros: MicroUsdc;
  unknownMicros: MicroUsdc;
}

const NONE: Budgets = { dayMicros: null, monthMicros: null };
const COLUMNS = 'day_micros as "dayMicros", month_micros as "monthMicros"';

export async function getBudgets(tx: Tx, userId: string): Promise<Budgets> {
  const [row] = await tx.query<Budgets>(`select ${COLUMNS} from budgets where user_id = $1`, [userId]);
  return row ?? NONE;
}

export async function setBudgets(tx: Tx, userId: string, { dayMicros, monthMicros }: Budgets): Promise<void> {
  await tx.query(
    `insert into budgets (user_id, day_micros, month_micros) values ($1, $2, $3)
         on conflict (user_id) do update set day_micros = excluded.day_micros, month_micros = excluded.month_micros,
                                             updated_at = now()`,
    [userId, dayMicros, monthMicros],
  );
}

export async function approvedOf(tx: Tx, userId: string): Promise<Approved> {
  const [row] = await tx.query<Approved>(
    `select coalesce(sum(${COUNTS}) filter (where decided_at >= ${DAY}), 0)::bigint as "dayMicros",
            coalesce(sum(${COUNTS}), 0)::bigint as "monthMicros"
       from payments where user_id = $1 and decided_at >= date_trunc('month', now(), 'UTC')`,
    [userId],
  );
  return row ?? { dayMicros: 0n, monthMicros: 0n };
}

/** By the same measure as `approvedOf`, of which they are the parts. */
export async function approvedParts(
  tx: Tx,
  userId: string,
): Promise<{ day: ApprovedParts; month: ApprovedParts }> {
  const rows = await tx.query<{ today: boolean; part: keyof ApprovedParts; micros: MicroUsdc }>(
    `select decided_at >= ${DAY} as today,
            case state when 'UNKNOWN' then 'unknownMicros' when 'AUTHORIZING' then 'heldMicros'
                       when 'HELD' then 'heldMicros' else 'paidMicros' end as part,
            sum(${COUNTS})::bigint as micros
       from payments where user_id = $1 and decided_at >= date_trunc('month', now(), 'UTC') group by 1, 2`,
    [userId],
  );
  const sum = (counted: typeof rows): ApprovedParts => {
    const parts = { paidMicros: 0n, heldMicros: 0n, unknownMicros: 0n };
    for (const { part, micros } of counted) parts[part] += micros;
    return parts;
  };
  return { day: sum(rows.filter(({ today }) => today)), month: sum(rows) };
}

/** The beginning of this day of UTC. */
export const DAY = `date_trunc('day', now(), 'UTC')`;

/** What an approved payment takes of a budget. */
export const COUNTS = `case when state in ('AUTHORIZING', 'HELD', 'UNKNOWN') then amount_micros
                            else coalesce(captured_micros - refunded_micros, 0) end`;

/**
 * What is left of the narrower budget, null without one. The row is locked: approvals of one person, in whatever chats,
 * are one after the other from here to their commit.
 */
async function leftOfBudget(
  tx: Tx,
  userId: string,
): Promise<{ of: 'day' | 'month'; leftMicros: MicroUsdc } | null> {
  const [budgets] = await tx.query<Budgets>(
    `select ${COLUMNS} from budgets where user_id = $1 for no key update`,
    [userId],
  );
  if (budgets === undefined) return null;
  const approved = await approvedOf(tx, userId);
  const left = (['day', 'month'] as const).flatMap((of) => {
    const most = budgets[`${of}Micros`];
    return most === null ? [] : [{ of, leftMicros: most - approved[`${of}Micros`] }];
  });
  return left.sort((a, b) => (a.leftMicros < b.leftMicros ? -1 : 1))[0] ?? null;
}

interface Wanted {
  userId: string;
  amountMicros: MicroUsdc;
}

export async function isWithinBudget(tx: Tx, { userId, amountMicros }: Wanted): Promise<boolean> {
  const left = await leftOfBudget(tx, userId);
  return left === null || amountMicros <= left.leftMicros;
}

/** Throws budget_exceeded. */
export async function requireBudget(tx: Tx, { userId, amountMicros }: Wanted): Promise<void> {
  const left = await leftOfBudget(tx, userId);
  if (left === null || amountMicros <= left.leftMicros) return;
  const leftUsdc = formatUsdc(left.leftMicros < 0n ? 0n : left.leftMicros);
  throw new MooringError(
    'budget_exceeded',
    `${formatUsdc(amountMicros)} USDC is more than the ${leftUsdc} USDC left of this ${left.of}’s budget.`,
    { details: { budget: left.of, left_usdc: leftUsdc } },
  );
}
