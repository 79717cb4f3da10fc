import { MooringError } from '../domain/errors';
import type { MicroUsdc } from '../domain/money';
import { newId } from '../lib/ids';
import { COUNTS, DAY, isWithinBudget } from './budgets';
import type { Tx } from './database';

/** What a person approves beforehand, in every chat. */
export interface StandingRule {
  id: string;
  /** null: whichever it is */
  agentId: string | null;
  /** null: of no agent, or of one that is gone */
  agentName: string | null;
  /** a payment of at most so much */
  paymentMicros: MicroUsdc;
  /** by this rule at most so much a day of UTC; null: as many as come */
  dayMicros: MicroUsdc | null;
  createdAt: string;
}

const MOST_RULES = 50;
const COLUMNS = `id, agent_id as "agentId",
  (select a.name from agents a where a.id = agent_id) as "agentName", payment_micros as "paymentMicros", day_micros as "dayMicros",
  created_at as "createdAt"`;

export const listRules = (tx: Tx, userId: string): Promise<StandingRule[]> =>
  tx.query<StandingRule>(
    `select ${COLUMNS} from standing_rules where user_id = $1 and revoked_at is null order by created_at, id`,
    [userId],
  );

/** Throws not_found for an agent that is not listed, too_many_rules. */
export async function addRule(
  tx: Tx,
  userId: string,
  { agentId, paymentMicros, dayMicros }: Pick<StandingRule, 'agentId' | 'paymentMicros' | 'dayMicros'>,
): Promise<StandingRule> {
  if (agentId !== null) {
    const [agent] = await tx.query(
      `select 1 from agents where id = $1 and kind = 'service' and status = 'ACTIVE'`,
      [agentId],
    );
    if (agent === undefined) throw new MooringError('not_found', 'There is no such agent.');
  }
  // one after the other, so that side by side they are no more than the most
  await tx.query('select 1 from users where id = $1 for no key update', [userId]);
  if ((await listRules(tx, userId)).length >= MOST_RULES) {
    throw new MooringError('too_many_rules', `A person has at most ${MOST_RULES} standing rules.`);
  }
  const [rule] = await tx.query<StandingRule>(
    `insert into standing_rules (id, user_id, agent_id, payment_micros, day_micros) values ($1, $2, $3, $4, $5)
     returning ${COLUMNS}`,
    [newId('rul'), userId, agentId, paymentMicros, dayMicros],
  );
  if (rule === undefined) throw new Error('no rule was stored');
  return rule;
}

/** From then on nothing is approved by it; what was stays. */
export async function revokeRule(tx: Tx, userId: string, id: string): Promise<void> {
  const revoked = await tx.query(
    `update standing_rules set revoked_at = coalesce(revoked_at, now()) where id = $1 and user_id = $2 returning id`,
    [id, userId],
  );
  if (revoked.length === 0) throw new MooringError('not_found', 'There is no such rule.');
}

interface Asked {
  userId: string;
  agentId: string;
  amountMicros: MicroUsdc;
  /** of its chat */
  autoApproveMicros: MicroUsdc;
}

/**
 * By what a payment is approved that nobody is asked for: what was said when its chat was opened (`ruleId` null), or a
 * rule, whose day is looked at under its lock. Null: by nothing, or the budgets do not allow it; then the person decides.
 */
export async function findStanding(tx: Tx, asked: Asked): Promise<{ ruleId: string | null } | null> {
  const standing =
    asked.amountMicros <= asked.autoApproveMicros ? { ruleId: null } : await findRule(tx, asked);
  return standing !== null && (await isWithinBudget(tx, asked)) ? standing : null;
}

async function findRule(
  tx: Tx,
  { userId, agentId, amountMicros }: Asked,
): Promise<{ ruleId: string } | null> {
  const rules = await tx.query<StandingRule>(
    `select ${COLUMNS} from standing_rules
      where user_id = $1 and revoked_at is null and (agent_id is null or agent_id = $2) and payment_micros >= $3
      order by id for no key update`,
    [userId, agentId, amountMicros],
  );
  for (const { id, dayMicros } of rules) {
    if (dayMicros === null) return { ruleId: id };
    const [row] = await tx.query<{ approved: MicroUsdc }>(
      `select coalesce(sum(${COUNTS}), 0)::bigint as approved from payments
        where user_id = $1 and rule_id = $2 and decided_at >= ${DAY}`,
      [userId, id],
    );
    if ((row?.approved ?? 0n) + amountMicros <= dayMicros) return { ruleId: id };
  }
  return null;
}
