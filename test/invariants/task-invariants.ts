import { isLegalEdge, isTerminal, needsHuman } from '../../domain/task';
import type { RiskLevel, TaskStatus } from '../../domain/task';
import type { World } from './world';

/** (4) Each accepted task ends in one terminal state over legal edges. */
export async function tasksEndOnce({ query }: World): Promise<string[]> {
  const tasks = await query<{ id: string; status: TaskStatus; ended: boolean }>(
    'select id, status, ended_at is not null as ended from tasks',
  );
  const events = await query<{ id: string; number: number; from: TaskStatus | null; to: TaskStatus }>(
    `select task_id as id, number, from_status as from, to_status as to from task_events order by task_id, number`,
  );
  const forgotten = await query<{ id: string }>(
    `select t.id from tasks t left join breakers b on b.agent_id = t.to_agent_id
      where t.parked_at is not null and coalesce(b.state, 'closed') = 'closed'`,
  );
  const parked = forgotten.map(
    ({ id }) => `task ${id} is parked and nobody sees to it: its breaker is closed`,
  );
  const ways = tasks.flatMap(({ id, status, ended }) => {
    const way = events.filter((event) => event.id === id);
    const problems: string[] = [];
    way.forEach(({ number, from, to }, index) => {
      const before = way[index - 1]?.to ?? null;
      if (number !== index + 1) problems.push(`task ${id}: event ${index + 1} is missing`);
      if (from !== before)
        problems.push(`task ${id}: event ${number} does not begin where the one before ended`);
      if (from !== null && !isLegalEdge(from, to))
        problems.push(`task ${id}: ${from} → ${to} is no legal edge`);
    });
    if (way.at(-1)?.to !== status) problems.push(`task ${id} is ${status}, its events say ${way.at(-1)?.to}`);
    if (!isTerminal(status) || !ended) problems.push(`task ${id} has not ended: ${status}`);
    return problems;
  });
  return [...ways, ...parked];
}

/** (5) Attempts ≤ maximum, all with the same id; an effect is one key. */
export async function attemptsBounded({ query, agentCalls, maxAttempts }: World): Promise<string[]> {
  const tasks = await query<{
    id: string;
    status: TaskStatus;
    invoked: boolean;
    attempts: number;
    counted: number;
    last: number | null;
  }>(
    `select t.id, t.status, t.action is not null as invoked, count(a.attempt)::int as attempts,
            count(*) filter (where a.kind = 'attempt')::int as counted, max(a.attempt) as last
       from tasks t left join task_attempts a on a.task_id = t.id group by t.id`,
  );
  const calls = await agentCalls();
  const strangers = calls.filter(({ idempotency_key: key }) => !tasks.some(({ id }) => id === key));
  return [
    ...strangers.map(({ idempotency_key: key }) => `an agent was called with ${key}, which is no task`),
    ...tasks.flatMap(({ id, status, invoked, attempts, counted, last }) => {
      const received = calls.filter(({ idempotency_key: key }) => key === id);
      const effects = received.filter((call) => call.status === 'completed').length;
      const problems: string[] = [];
      // A parked task is tried as often as it takes.
      if (counted > maxAttempts) problems.push(`task ${id}: ${counted} attempts of at most ${maxAttempts}`);
      if ((last ?? 0) !== attempts)
        problems.push(`task ${id}: attempts are not numbered from 1 without a gap`);
      if (received.length > attempts)
        problems.push(
          `task ${id}: the agent was called ${received.length} times, ${attempts} are written down`,
        );
      if (effects > 1) problems.push(`task ${id}: the agent did the work ${effects} times`);
      // What an agent of the network does for a task is its own to say.
      if (invoked && status === 'completed' && effects !== 1)
        problems.push(`task ${id} is completed and the agent did the work ${effects} times`);
      return problems;
    }),
  ];
}

/** Where a task may stand when the question about it stands so. */
const FITTING: Record<string, TaskStatus[]> = {
  OPEN: ['waiting_human_confirm'],
  APPROVED: ['in_progress', 'completed', 'failed', 'expired', 'cancelled'],
  REFUSED: ['cancelled'],
  EXPIRED: ['expired'],
  WITHDRAWN: ['cancelled'],
};

/** (6) At most one decision per payment and per question to a person, equal to what ran. */
export async function decisionsHold({ query, acknowledged }: World): Promise<string[]> {
  const payments = await query<{ id: string; state: string; decided: boolean; fits: boolean | null }>(
    `select p.id, p.state, p.decided_at is not null as decided,
            t.action = p.action and t.to_agent_id = p.agent_id and t.user_id = p.user_id as fits
       from payments p left join tasks t on t.payment_id = p.id`,
  );
  const unapproved = new Set(['AWAITING_APPROVAL', 'DECLINED', 'EXPIRED']);
  const ran = payments.flatMap(({ id, state, decided, fits }) => [
    ...(fits !== null && (unapproved.has(state) || !decided)
      ? [`payment ${id} is ${state} and a task was made with it`]
      : []),
    ...(fits === false ? [`payment ${id} was approved for other work than was done`] : []),
  ]);
  const lost = acknowledged.decisions.flatMap(({ paymentId, approved }) => {
    const payment = payments.find(({ id }) => id === paymentId);
    const kept = payment !== undefined && payment.decided && unapproved.has(payment.state) === !approved;
    return kept
      ? []
      : [`payment ${paymentId}: ${approved ? 'yes' : 'no'} was acknowledged, it is ${payment?.state}`];
  });
  const answers = await query<{ id: string; times: number }>(
    `select data->>'payment_id' as id, count(*)::int as times from session_events
      where type in ('PAYMENT_SUCCESSFUL', 'PAYMENT_FAILED', 'PAYMENT_RELEASED') group by 1 having count(*) > 1`,
  );
  const standing = await query<{ id: string; by: string; within: boolean; asked: boolean }>(
    `select p.id, p.decided_by as by, p.amount_micros <= s.auto_approve_micros as within, s.erased_at is not null
            or exists (select from session_events e where e.session_id = p.session_id and e.type = 'PAYMENT_REQUEST'
                          and e.data->>'payment_id' = p.id) as asked
       from payments p join sessions s on s.id = p.session_id where p.decided_by is not null`,
  );
  const risky = await query<{ id: string; risk: RiskLevel; status: TaskStatus; approved: boolean }>(
    `select distinct t.id, t.risk_level as risk, t.status, exists (
              select from confirmations c where c.task_id = t.id and c.state = 'APPROVED'
                 and c.payload_hash = sha256(convert_to(jsonb_build_array(t.to_agent_id, t.description, t.payload_ref,
                       t.payload_inline, t.action, t.arguments)::text, 'UTF8'))) as approved
       from tasks t
       left join task_attempts a on a.task_id = t.id and t.action is not null
      where a.task_id is not null or t.status in ('in_progress', 'completed')`,
  );
  const questions = await query<{ id: string; state: string; status: TaskStatus }>(
    `select c.id, c.state, t.status from confirmations c join tasks t on t.id = c.task_id`,
  );
  return [
    ...ran,
    ...lost,
    ...standing
      .filter(({ by, within, asked }) => (by === 'standing' ? !within : !asked))
      .map(({ id, by }) => `payment ${id} was decided (${by}) by nobody who could`),
    ...answers.map(({ id, times }) => `payment ${id} was told ${times} outcomes`),
    ...risky
      .filter(({ risk, approved }) => needsHuman(risk) && !approved)
      .map(({ id, risk }) => `task ${id} (${risk}) ran unconfirmed`),
    ...questions
      .filter(({ state, status }) => !FITTING[state]?.includes(status))
      .map(({ id, state, status }) => `confirmation ${id} is ${state} and its task ${status}`),
  ];
}
