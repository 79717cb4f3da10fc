import type { OutboxSignal, Tx } from './database';

export type Reconciled = Omit<OutboxSignal, 'id' | 'origin'> & { rowId: string };

/** Rows that a workflow is for; that of agents has two kinds, the listing and the breaker. */
export const RECONCILED = [
  'chatSession',
  'payment',
  'refund',
  'task',
  'agentMonitor',
  'breaker',
  'mail',
] as const;

/** What a pass looks for. */
export interface Pass {
  /** a row lags when it was woken longer ago than this and has not been seen since */
  ageMs: number;
  /** a chat without a message for this long is to be closed */
  idleMs: number;
  /** at start: when the last wakes of the run before began (null: there were none); later: absent */
  start?: { wokenAfter: string | null };
}

export interface Page {
  rows: (typeof RECONCILED)[number];
  /** the last row of the page before */
  after: string;
  limit: number;
}

/** A minute before the newest wake of any chat: what was woken since may be unknown to a Temporal that was cut off. */
export async function lastWakes(tx: Tx): Promise<string | null> {
  const [row] = await tx.query<{ from: string | null }>(
    `select (max(woken_at) - interval '1 minute')::text as from from sessions`,
  );
  return row?.from ?? null;
}

/**
 * Open rows whose workflow may not know the newest, by id: those that lag, and chats that were never written to and
 * are idle, which have no workflow. At start also the last wakes of the run before, idle chats, and every row that
 * something must still come of, so that a workflow that is missing is started; a chat that only rests is left alone.
 */
export async function lagging(tx: Tx, pass: Pass, { rows, after, limit }: Page): Promise<Reconciled[]> {
  const atStart = pass.start !== undefined;
  switch (rows) {
    case 'chatSession':
      return tx.query<Reconciled>(CHATS, [
        after,
        limit,
        atStart,
        pass.ageMs,
        pass.idleMs,
        pass.start?.wokenAfter ?? null,
      ]);
    case 'payment':
      return tx.query<Reconciled>(PAYMENTS, [after, limit, atStart, pass.ageMs]);
    case 'refund':
      return tx.query<Reconciled>(REFUNDS, [after, limit, atStart, pass.ageMs]);
    case 'task':
      return tx.query<Reconciled>(TASKS, [after, limit, atStart, pass.ageMs]);
    case 'agentMonitor':
      return tx.query<Reconciled>(LISTINGS, [after, limit, atStart, pass.ageMs]);
    case 'breaker':
      return tx.query<Reconciled>(BREAKERS, [after, limit, atStart, pass.ageMs]);
    case 'mail':
      return atStart ? tx.query<Reconciled>(MAILS, [after, limit]) : [];
  }
}

const LATE = `(wake_version > seen_version and woken_at < now() - $4 * interval '1 millisecond')`;

const CHAT = `
  select id as "rowId", 'chatSession' as workflow, 'session/' || id as "workflowId",
         jsonb_build_object('sessionId', id, 'userId', user_id) as input, 'messageArrived' as signal,
         jsonb_build_object('version', wake_version) as "signalInput"
    from sessions s`;

// A chat that was closed while a turn worked has an end still to come.
const CHATS = `
  ${CHAT}
   where id > $1 and phase <> 'CLOSED'
     and (${LATE}
          or last_message_at < now() - $5 * interval '1 millisecond' and (wake_version = 0 or $3)
          or $3 and (woken_at > $6::timestamptz
                     or exists (select from turns t where t.session_id = s.id and t.outcome is null)
                     or exists (select from messages m where m.session_id = s.id and m.turn_id is null)))
   union all ${CHAT}
   where id > $1 and phase = 'CLOSED' and (${LATE} or $3)
     and id in (select session_id from turns where outcome is null)
   order by 1 limit $2`;

const PAYMENTS = `
  select id as "rowId", 'payment' as workflow, 'payment/' || id as "workflowId",
         jsonb_build_object('paymentId', id, 'userId', user_id, 'expiresAt', expires_at) as input,
         case when wake_version > 0 then 'paymentDecided' end as signal,
         case when wake_version > 0 then jsonb_build_object('version', wake_version) end as "signalInput"
    from payments
   where id > $1 and state in ('AWAITING_APPROVAL', 'AUTHORIZING', 'HELD', 'UNKNOWN') and (${LATE} or $3)
   order by id limit $2`;

const REFUNDS = `
  select id as "rowId", 'refund' as workflow, 'refund/' || id as "workflowId",
         jsonb_build_object('refundId', id, 'userId', user_id) as input,
         case when wake_version > 0 then 'walletMoved' end as signal,
         case when wake_version > 0 then jsonb_build_object('version', wake_version) end as "signalInput"
    from refunds where id > $1 and state = 'pending' and (${LATE} or $3)
   order by id limit $2`;

// What an end was told with says how it ended; of an end that is unsaid the outbox knows.
const TASKS = `
  select id as "rowId", 'task' as workflow, 'task/' || id as "workflowId",
         jsonb_strip_nulls(jsonb_build_object('taskId', id, 'userId', user_id, 'agentId', to_agent_id,
                                              'riskLevel', risk_level, 'expiresAt', expires_at)) as input,
         case when wake_version = 0 then null when status = 'waiting_human_confirm' then 'taskAsked'
              else 'taskDecided' end as signal,
         case when wake_version > 0 then jsonb_build_object('version', wake_version) end as "signalInput"
    from tasks where id > $1 and ended_at is null
     and (${LATE} or $3 and 'task/' || id not in (
           select workflow_id from outbox where sent_at is null and held_until > now()))
   order by id limit $2`;

const MAILS = `
  select id as "rowId", 'mail' as workflow, 'mail/' || id as "workflowId",
         jsonb_build_object('mailId', id, 'until', until) as input, null as signal, null as "signalInput"
    from mails where id > $1 and ended_at is null and until > now()
   order by id limit $2`;

// A listing that has ended lags until its monitor has heard of it.
const LISTINGS = `
  select id as "rowId", 'agentMonitor' as workflow, 'agent-monitor/' || id as "workflowId",
         jsonb_build_object('agentId', id, 'userId', owner_id) as input, 'listingChanged' as signal,
         jsonb_build_object('version', wake_version) as "signalInput"
    from agents
   where id > $1 and wake_version > 0
     and (${LATE} or $3 and status in ('PENDING', 'ACTIVE', 'SUSPENDED'))
   order by id limit $2`;

const BREAKERS = `
  select agent_id as "rowId", 'agentMonitor' as workflow, 'agent-monitor/' || agent_id as "workflowId",
         jsonb_strip_nulls(jsonb_build_object('agentId', agent_id, 'userId',
                                              (select owner_id from agents where id = agent_id))) as input,
         'breakerChanged' as signal, jsonb_build_object('version', wake_version) as "signalInput"
    from breakers
   where agent_id > $1 and wake_version > 0 and (${LATE} or $3 and state <> 'closed')
   order by agent_id limit $2`;
