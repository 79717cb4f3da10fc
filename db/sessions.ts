import { MooringError } from '../domain/errors';
import type { SessionPhase } from '../domain/session';
import type { MicroUsdc } from '../domain/money';
import { newId } from '../lib/ids';
import type { Tx } from './database';
import { recordSignal } from './outbox';

export interface Session {
  id: string;
  userId: string;
  title: string | null;
  phase: SessionPhase;
  budgetMicros: MicroUsdc;
  /** the person approves payments of at most so much beforehand */
  autoApproveMicros: MicroUsdc;
  wakeVersion: number;
  seenVersion: number;
  createdAt: string;
  lastMessageAt: string;
}

const COLUMNS = `id, user_id as "userId", title, phase, budget_micros as "budgetMicros",
  auto_approve_micros as "autoApproveMicros", wake_version as "wakeVersion", seen_version as "seenVersion", created_at as "createdAt",
  last_message_at as "lastMessageAt"`;

export async function createSession(
  tx: Tx,
  session: {
    userId: string;
    title: string | null;
    budgetMicros: MicroUsdc;
    autoApproveMicros?: MicroUsdc;
    metadata: Record<string, unknown>;
  },
): Promise<Session> {
  const id = newId('ses');
  const rows = await tx.query<Session>(
    `insert into sessions (id, user_id, title, budget_micros, auto_approve_micros, metadata)
     values ($1, $2, $3, $4, $5, $6) returning ${COLUMNS}`,
    [
      id,
      session.userId,
      session.title,
      session.budgetMicros,
      session.autoApproveMicros ?? 0n,
      session.metadata,
    ],
  );
  await tx.query('insert into session_sequences (session_id, user_id) values ($1, $2)', [id, session.userId]);
  return found(rows[0]);
}

export async function getSession(tx: Tx, id: string): Promise<Session> {
  return found((await tx.query<Session>(`select ${COLUMNS} from sessions where id = $1`, [id]))[0]);
}

/**
 * Locks the session's row: the first lock of every transaction that writes about a session
 * (then payment, task, tool call, sequence), so that none waits for another in a circle.
 */
export async function lockSession(tx: Tx, id: string): Promise<Session> {
  const rows = await tx.query<Session>(`select ${COLUMNS} from sessions where id = $1 for no key update`, [
    id,
  ]);
  return found(rows[0]);
}

/** A person's own session, locked, also when they have erased it. As the system: to people an erased one is not there. */
export async function findOwnSession(
  tx: Tx,
  { sessionId, userId }: { sessionId: string; userId: string },
): Promise<{ session: Session; erased: boolean }> {
  const [row] = await tx.query<Session & { erased: boolean }>(
    `select ${COLUMNS}, erased_at is not null as erased from sessions
      where id = $1 and user_id = $2 for no key update`,
    [sessionId, userId],
  );
  const { erased = false } = row ?? {};
  return { session: found(row), erased };
}

function found(session: Session | undefined): Session {
  if (session === undefined) throw new MooringError('session_not_found', 'There is no such chat.');
  return session;
}

export interface SessionListing extends Session {
  /** where it stands in the list, to the microsecond: a cursor of milliseconds would skip chats of the same one */
  listedAt: string;
  costMicros: MicroUsdc;
  waiting: boolean;
}

/**
 * Own sessions, latest first, keyset-paged by (last_message_at, id), with these words in their title. One that is written
 * to meanwhile moves to the top and is on the first page; no other is skipped, and none comes twice.
 */
export async function listSessions(
  tx: Tx,
  page: { userId: string; words: string; before: { at: string; id: string } | null; limit: number },
): Promise<SessionListing[]> {
  return tx.query<SessionListing>(
    `select ${COLUMNS}, last_message_at::text as "listedAt",
            (select coalesce(sum(cost_micros), 0) from turns where session_id = s.id)::bigint
              + (select coalesce(sum(captured_micros - refunded_micros), 0) from payments where session_id = s.id)::bigint
              as "costMicros",
            exists (select from payments where session_id = s.id and state = 'AWAITING_APPROVAL' and expires_at > now())
              or exists (select from prompts where session_id = s.id and state = 'OPEN' and expires_at > now()) as waiting
       from sessions s
      where user_id = $1 and ($2::timestamptz is null or (last_message_at, id) < ($2, $3))
        and ($5 = '' or position(lower($5) in lower(title)) > 0)
      order by last_message_at desc, id desc
      limit $4`,
    [page.userId, page.before?.at ?? null, page.before?.id ?? null, page.limit, page.words],
  );
}

/** Raises the wake version and records the signal that carries it. */
export async function wakeSession(
  tx: Tx,
  sessionId: string,
  signal: 'messageArrived' | 'outcomeArrived' | 'endArrived',
): Promise<void> {
  const [row] = await tx.query<{ version: number; userId: string }>(
    `update sessions set wake_version = wake_version + 1, woken_at = now() where id = $1
     returning wake_version as version, user_id as "userId"`,
    [sessionId],
  );
  if (row === undefined) throw new MooringError('session_not_found', 'There is no such chat.');
  recordSignal(tx, {
    workflow: 'chatSession',
    workflowId: `session/${sessionId}`,
    input: { sessionId, userId: row.userId },
    signal,
    signalInput: { version: row.version },
  });
}

/** Writes back the version that the workflow's activity has acted on. */
export async function markSessionSeen(tx: Tx, sessionId: string, version: number): Promise<void> {
  await tx.query('update sessions set seen_version = $2 where id = $1 and seen_version < $2', [
    sessionId,
    version,
  ]);
}

export async function setPhase(tx: Tx, sessionId: string, phase: SessionPhase): Promise<void> {
  await tx.query(`update sessions set phase = $2 where id = $1 and phase not in ('CLOSED', $2)`, [
    sessionId,
    phase,
  ]);
}

/** The phase between turns: an agent is connected, or not yet. */
export async function setRestingPhase(tx: Tx, sessionId: string): Promise<void> {
  await tx.query(
    `update sessions s set phase =
       case when exists (select from connections where session_id = s.id) then 'AGENT_CONNECTED' else 'CONNECTED' end
      where id = $1 and phase <> 'CLOSED'`,
    [sessionId],
  );
}

/**
 * When an idle chat closes: `idleMs` after the last message or the last end of a turn, and not before what is asked
 * for or held in it has ended.
 */
export async function closesAt(tx: Tx, sessionId: string, idleMs: number): Promise<string> {
  const [row] = await tx.query<{ at: string }>(
    `select greatest(
              greatest(s.last_message_at, (select max(ended_at) from turns where session_id = s.id))
                + $2 * interval '1 millisecond',
              (select max(q.expires_at) + interval '1 minute' from prompts q where q.session_id = s.id and q.state = 'OPEN'),
              (select greatest(max(p.capture_deadline), now()) + interval '1 minute' from payments p
                where p.session_id = s.id and p.state in ('AWAITING_APPROVAL', 'AUTHORIZING', 'HELD', 'UNKNOWN')
               -- without one there is no such time; greatest() would take now() for it
               having count(*) > 0)) as at
       from sessions s where s.id = $1`,
    [sessionId, idleMs],
  );
  if (row === undefined) throw new MooringError('session_not_found', 'There is no such chat.');
  return row.at;
}

/** What a session has spent, holds and asks for, in micro-USDC. */
export interface Spend {
  agentsMicros: MicroUsdc;
  modelMicros: MicroUsdc;
  heldMicros: MicroUsdc;
  askedMicros: MicroUsdc;
}

export async function sessionSpend(tx: Tx, sessionId: string): Promise<Spend> {
  const [row] = await tx.query<Spend>(
    `select coalesce(sum(captured_micros - refunded_micros), 0)::bigint as "agentsMicros",
            coalesce(sum(amount_micros) filter (where state in ('AUTHORIZING', 'HELD', 'UNKNOWN')), 0)::bigint as "heldMicros",
            coalesce(sum(amount_micros) filter (where state = 'AWAITING_APPROVAL'), 0)::bigint as "askedMicros",
            (select coalesce(sum(cost_micros), 0)::bigint from turns where session_id = $1) as "modelMicros"
       from payments where session_id = $1`,
    [sessionId],
  );
  return row ?? { agentsMicros: 0n, modelMicros: 0n, heldMicros: 0n, askedMicros: 0n };
}
