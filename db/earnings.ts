import type { AgentHealth, ListingStatus } from '../domain/agent';
import type { MicroUsdc } from '../domain/money';
import type { PaymentState } from '../domain/payment';
import type { Tx } from './database';
import { balanceOf, ownerAccount } from './ledger';
import { RETURNING } from './payment-pages';

/** What a person's agents earn. Months are of UTC. */
export interface Earnings {
  monthSince: string;
  /** after the fee, less what was refunded; more may be refunded in a month than is earned */
  earnedMicros: MicroUsdc;
  /** to be the owner's when the work is done */
  held: Part;
  /** nobody knows whether it has moved */
  unknown: Part;
  balanceMicros: MicroUsdc;
  agents: AgentEarnings[];
  /** of all agents, also of those that are gone */
  jobs: Jobs;
}

interface Part {
  payments: number;
  micros: MicroUsdc;
}

/** Paid work of the last seven days that has ended. */
interface Jobs {
  delivered: number;
  cameBack: number;
}

export interface AgentEarnings {
  id: string;
  slug: string;
  name: string;
  status: ListingStatus;
  health: AgentHealth | null;
  priceUsdc: string | null;
  earnedMicros: MicroUsdc;
  jobs: Jobs;
}

type Agent = Omit<AgentEarnings, 'earnedMicros' | 'jobs'>;

const NO_JOBS: Jobs = { delivered: 0, cameBack: 0 };
const MOST_AGENTS = 200;

export async function readEarnings(tx: Tx, ownerId: string): Promise<Earnings> {
  const [[month], earned, open, jobs, agents, balance] = await Promise.all([
    tx.query<{ since: string }>(`select ${MONTH} as since`),
    earnedByAgent(tx, ownerId),
    openParts(tx, ownerId),
    jobsByAgent(tx, ownerId),
    ownAgents(tx, ownerId),
    balanceOf(tx, ownerAccount(ownerId)),
  ]);
  const micros = new Map(earned.map((one) => [one.agentId, one.micros]));
  const done = new Map(jobs.map(({ agentId, ...counts }) => [agentId, counts]));
  const partOf = (state: PaymentState): Part =>
    open.find((part) => part.state === state) ?? { payments: 0, micros: 0n };
  return {
    monthSince: month?.since ?? '',
    earnedMicros: earned.reduce((sum, one) => sum + one.micros, 0n),
    held: partOf('HELD'),
    unknown: partOf('UNKNOWN'),
    balanceMicros: balance.balanceMicros,
    agents: agents.map((agent) => ({
      ...agent,
      earnedMicros: micros.get(agent.id) ?? 0n,
      jobs: done.get(agent.id) ?? NO_JOBS,
    })),
    jobs: jobs.reduce(
      (sum, one) => ({
        delivered: sum.delivered + one.delivered,
        cameBack: sum.cameBack + one.cameBack,
      }),
      NO_JOBS,
    ),
  };
}

const MONTH = `date_trunc('month', now(), 'UTC')`;

// As the index on it says; a refund at a network is posted when it has moved there.
const EARNED = `t.phase = 'single' and t.kind in ('capture', 'refund') or t.phase = 'posted' and t.kind = 'refund'`;

/** By the ledger, so that it agrees with the statement. */
const earnedByAgent = (tx: Tx, ownerId: string) =>
  tx.query<{ agentId: string; micros: MicroUsdc }>(
    `select p.agent_id as "agentId",
            sum(case when t.credit_account = $2 then t.amount_micros else -t.amount_micros end)::bigint as micros
       from ledger_transfers t join payments p on p.id = t.payment_id
      where t.owner_id = $1 and (${EARNED}) and t.created_at >= ${MONTH}
        and $2 in (t.debit_account, t.credit_account)
      group by p.agent_id`,
    [ownerId, ownerAccount(ownerId)],
  );

const openParts = (tx: Tx, ownerId: string) =>
  tx.query<Part & { state: PaymentState }>(
    `select state, count(*)::int as payments, sum(amount_micros - fee_micros)::bigint as micros from payments
      where agent_owner_id = $1 and state in ('HELD', 'UNKNOWN') group by state`,
    [ownerId],
  );

const jobsByAgent = (tx: Tx, ownerId: string) =>
  tx.query<Jobs & { agentId: string }>(
    `select agent_id as "agentId",
            count(*) filter (where state in ('CAPTURED', 'REFUNDED', 'DISPUTED'))::int as delivered,
            count(*) filter (where state in ('VOIDED', 'RECLAIMED'))::int as "cameBack"
       from payments where agent_owner_id = $1 and created_at >= now() - interval '7 days' group by agent_id`,
    [ownerId],
  );

const ownAgents = (tx: Tx, ownerId: string) =>
  tx.query<Agent>(
    `select id, slug, name, status, last_health_status as health, pricing_summary ->> 'from_usdc' as "priceUsdc"
       from agents where owner_id = $1 and kind = 'service' and status <> 'DELETED'
      order by name, id limit ${MOST_AGENTS}`,
    [ownerId],
  );

/** A payment as the owner of its agent looks at it. */
export interface ReceivedPayment {
  id: string;
  state: PaymentState;
  agentId: string;
  agentName: string;
  action: string;
  amountMicros: MicroUsdc;
  feeMicros: MicroUsdc;
  capturedMicros: MicroUsdc | null;
  refundedMicros: MicroUsdc;
  /** by refunds that are pending */
  returningMicros: MicroUsdc;
  createdAt: string;
  /** its place in a list, to the microsecond */
  listedAt: string;
}

/** What this person's agents were approved for, newest first, keyset-paged by (created_at, id). */
export const receivedPayments = (
  tx: Tx,
  page: { ownerId: string; before: { at: string; id: string } | null; limit: number },
): Promise<ReceivedPayment[]> =>
  tx.query<ReceivedPayment>(
    `select id, state, agent_id as "agentId", agent_name as "agentName", action, amount_micros as "amountMicros",
            fee_micros as "feeMicros", captured_micros as "capturedMicros", refunded_micros as "refundedMicros",
            ${RETURNING} as "returningMicros", created_at as "createdAt", created_at::text as "listedAt"
       from payments p
      where agent_owner_id = $1 and ($2::timestamptz is null or (created_at, id) < ($2, $3))
        and state not in ('AWAITING_APPROVAL', 'DECLINED', 'EXPIRED')
      order by created_at desc, id desc limit $4`,
    [page.ownerId, page.before?.at ?? null, page.before?.id ?? null, page.limit],
  );
