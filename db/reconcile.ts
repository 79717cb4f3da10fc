import type { OutboxSignal, Tx } from './database';

export type Reconciled = Omit<OutboxSignal, 'id'>;

/**
 * Open rows whose workflow may not know the newest: those that have lagged for longer than `ageMs`. With `all`
 * (at start) also what was woken in the last minute of the run before, and every row that something must still come
 * of, so that a workflow that is missing is started; a chat that only rests is left alone.
 */
export async function lagging(
  tx: Tx,
  { ageMs, all }: { ageMs: number; all: boolean },
): Promise<Reconciled[]> {
  const late = `(wake_version > seen_version and woken_at < now() - $1 * interval '1 millisecond')`;
  const sessions = await tx.query<Reconciled>(
    `select 'chatSession' as workflow, 'session/' || id as "workflowId",
              jsonb_build_object('sessionId', id, 'userId', user_id) as input, 'messageArrived' as signal,
              jsonb_build_object('version', wake_version) as "signalInput"
         from sessions s where phase <> 'CLOSED' and wake_version > 0
          and (${late} or $2 and (exists (select from turns t where t.session_id = s.id and t.outcome is null)
                                  or exists (select from messages m where m.session_id = s.id and m.turn_id is null)
                                  or woken_at > (select max(woken_at) from sessions) - interval '1 minute'))`,
    [ageMs, all],
  );
  const payments = await tx.query<Reconciled>(
    `select 'payment' as workflow, 'payment/' || id as "workflowId",
              jsonb_build_object('paymentId', id, 'userId', user_id, 'expiresAt', expires_at) as input,
              case when wake_version > 0 then 'paymentDecided' end as signal,
              case when wake_version > 0 then jsonb_build_object('version', wake_version) end as "signalInput"
         from payments where state in ('AWAITING_APPROVAL', 'AUTHORIZING', 'HELD') and (${late} or $2)`,
    [ageMs, all],
  );
  const tasks = await tx.query<Reconciled>(
    `select 'task' as workflow, 'task/' || id as "workflowId",
              jsonb_build_object('taskId', id, 'userId', user_id, 'agentId', to_agent_id, 'riskLevel', risk_level,
                                 'expiresAt', expires_at) as input, null as signal, null as "signalInput"
         from tasks where ended_at is null and (${late} or $2)`,
    [ageMs, all],
  );
  return [...sessions, ...payments, ...tasks];
}
