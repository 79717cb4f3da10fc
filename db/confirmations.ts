import { createHash, timingSafeEqual } from 'node:crypto';
import { MooringError } from '../domain/errors';
import { CODE_MS, CODE_TRIES } from '../domain/confirmation';
import type { ConfirmationState } from '../domain/confirmation';
import { RECEIVER_LEFT } from '../domain/task';
import { newId } from '../lib/ids';
import type { Tx } from './database';
import { lockTask, sayTask, transitionTask, wakeTask } from './tasks';
import type { Task } from './tasks';

/** What a person is asked to let run, as text: of the same task always the same. */
const ASKED = `jsonb_build_array(to_agent_id, description, payload_ref, payload_inline, action, arguments)::text`;
const hashOf = (asked: string): Buffer => createHash('sha256').update(asked).digest();

/**
 * Asks the sender's person for a task that was accepted: until when stands in the task, what they are asked for is bound
 * by its hash. The workflow sends the mail.
 */
export function askForConfirmation(
  tx: Tx,
  task: Task,
  { decideMs, tokenHashOf }: { decideMs: number; tokenHashOf: (confirmationId: string) => Buffer },
): void {
  if (task.userId === null) throw new Error('a task that nobody can confirm was accepted');
  const id = newId('hc');
  tx.write(
    `with asked as (
       update tasks set human_confirm_deadline = least(now() + $5 * interval '1 millisecond', expires_at)
        where id = $2
        returning human_confirm_deadline as deadline, sha256(convert_to(${ASKED}, 'UTF8')) as payload_hash)
     insert into confirmations (id, task_id, user_id, token_hash, payload_hash, expires_at, remind_at)
     select $1, $2, $3, $4, payload_hash, deadline, now() + (deadline - now()) / 2 from asked`,
    [id, task.id, task.userId, tokenHashOf(id), decideMs],
  );
  wakeTask(tx, task, 'taskAsked');
}

/** A question to a person whether a task may run. */
export interface Confirmation {
  id: string;
  taskId: string;
  userId: string;
  state: ConfirmationState;
  /** of a chat's task */
  sessionId: string | null;
  payloadHash: Buffer;
  /** what would run, as it stands now */
  asked: string;
  askedAt: string;
  expiresAt: string;
  /** by the database's clock */
  expired: boolean;
  remindAt: string;
  mailedAt: string | null;
  remindedAt: string | null;
  decidedAt: string | null;
  note: string | null;
  codeHash: Buffer | null;
  codeUntil: string | null;
  /** the code that was sent is still good */
  codeGood: boolean;
  codeTries: number;
}

const COLUMNS = `c.id, c.task_id as "taskId", c.user_id as "userId", t.session_id as "sessionId", c.state,
    c.payload_hash as "payloadHash", ${ASKED} as asked, c.created_at as "askedAt", c.expires_at as "expiresAt",
    c.expires_at <= now() as expired, c.remind_at as "remindAt", c.mailed_at as "mailedAt",
    c.reminded_at as "remindedAt", c.decided_at as "decidedAt", c.note, c.code_hash as "codeHash",
    c.code_until as "codeUntil", coalesce(c.code_until > now(), false) as "codeGood", c.code_tries as "codeTries"`;

/** By its task, by the hash of the link that was sent (and about that very task), or by its id and the person who is asked. */
export type WhichConfirmation =
  { taskId: string } | { tokenHash: Buffer; ofTask?: string } | { id: string; userId: string };

export const noSuchConfirmation = (): MooringError =>
  new MooringError('not_found', 'There is no such question. Look whether the link is whole.');

function whereOf(which: WhichConfirmation): [string, unknown[]] {
  if ('taskId' in which) return ['c.task_id = $1', [which.taskId]];
  if ('tokenHash' in which) {
    return [
      'c.token_hash = $1 and c.task_id = coalesce($2, c.task_id)',
      [which.tokenHash, which.ofTask ?? null],
    ];
  }
  return ['c.id = $1 and c.user_id = $2', [which.id, which.userId]];
}

/** Throws not_found. */
export async function getConfirmation(tx: Tx, which: WhichConfirmation): Promise<Confirmation> {
  const [where, values] = whereOf(which);
  const [row] = await tx.query<Confirmation>(
    `select ${COLUMNS} from confirmations c join tasks t on t.id = c.task_id where ${where}`,
    values,
  );
  if (row === undefined) throw noSuchConfirmation();
  return row;
}

/** The id of the question about a task while it waits; null: nobody is asked. */
export async function findOpenConfirmation(tx: Tx, taskId: string): Promise<string | null> {
  const [row] = await tx.query<{ id: string }>(
    `select id from confirmations where task_id = $1 and state = 'OPEN'`,
    [taskId],
  );
  return row?.id ?? null;
}

/** The person was mailed, or reminded. */
export const setAsked = (tx: Tx, id: string, column: 'mailed_at' | 'reminded_at'): Promise<unknown> =>
  tx.query(`update confirmations set ${column} = coalesce(${column}, now()) where id = $1`, [id]);

/** Whether what would run is, to the character, what the person is asked for. */
export const isBound = ({ asked, payloadHash }: Confirmation): boolean => hashOf(asked).equals(payloadHash);

/** Whether its person has approved what would run now. Throws not_found: nobody was asked. */
export async function isApproved(tx: Tx, taskId: string): Promise<boolean> {
  const confirmation = await getConfirmation(tx, { taskId });
  return confirmation.state === 'APPROVED' && isBound(confirmation);
}

/** From now on this is the code; the tries begin anew. */
export const setCode = (tx: Tx, id: string, codeHash: Buffer): Promise<unknown> =>
  tx.query(
    `update confirmations set code_hash = $2, code_until = now() + $3 * interval '1 millisecond', code_tries = 0
      where id = $1 and state = 'OPEN'`,
    [id, codeHash, CODE_MS],
  );

/**
 * Locks the task (and its session) that the question is about: whoever holds it decides alone. `present`: its receiver
 * is there to do it. Throws not_found.
 */
export async function lockConfirmation(
  tx: Tx,
  which: WhichConfirmation,
): Promise<{ task: Task; confirmation: Confirmation; present: boolean }> {
  const named = 'ofTask' in which ? which.ofTask : undefined;
  const taskId = named ?? (await getConfirmation(tx, which)).taskId;
  // Asked together, answered in this order: the question is read when the task is locked.
  const locked = lockTask(tx, taskId).catch((error: unknown) => {
    throw error instanceof MooringError ? noSuchConfirmation() : error;
  });
  const [task, confirmation, receivers] = await Promise.all([
    locked,
    getConfirmation(tx, which),
    tx.query(
      `select from agents where id = (select to_agent_id from tasks where id = $1) and status = 'ACTIVE'`,
      [taskId],
    ),
  ]);
  return { task, confirmation, present: receivers.length > 0 };
}

export interface Decision {
  which: WhichConfirmation;
  approved: boolean;
  note: string | null;
  /** R3: the hash of the code that the person typed; null: none */
  codeHash: Buffer | null;
}

/** `refusal` null: the question is decided as wished, by this call or by an earlier one (`repeated`). */
export interface Decided {
  task: Task;
  confirmation: Confirmation;
  refusal: MooringError | null;
  repeated: boolean;
}

/**
 * A person's yes or no, once: the row lock of the task decides between two of them, the deadline and a cancel. What a
 * refused call found out stays (the task expired, a try of the code is spent), so refusals are returned, not thrown.
 * Throws not_found.
 */
export async function decideConfirmation(tx: Tx, decision: Decision): Promise<Decided> {
  const { task, confirmation, present } = await lockConfirmation(tx, decision.which);
  const stay = (refusal: MooringError | null): Decided => ({
    task,
    confirmation,
    refusal,
    repeated: confirmation.state !== 'OPEN',
  });
  if (confirmation.state !== 'OPEN') return stay(refusalOf(confirmation, decision.approved));
  const over = !confirmation.expired && present ? null : await endUndecided(tx, task, confirmation);
  if (over !== null) {
    const now = await getConfirmation(tx, { taskId: task.id });
    return { task: over, confirmation: now, refusal: refusalOf(now, decision.approved), repeated: false };
  }
  if (decision.approved) {
    if (!isBound(confirmation)) return stay(changedSince());
    const refusal = task.riskLevel === 'R3' ? await checkCode(tx, confirmation, decision.codeHash) : null;
    if (refusal !== null) return stay(refusal);
  }
  const state = decision.approved ? 'APPROVED' : 'REFUSED';
  const [[row], moved] = await Promise.all([
    tx.query<{ decidedAt: string }>(
      `update confirmations set state = $2, decided_at = now(), note = $3, code_hash = null where id = $1
       returning decided_at as "decidedAt"`,
      [confirmation.id, state, decision.note],
    ),
    transitionTask(tx, task, { path: [decision.approved ? 'in_progress' : 'cancelled'], actor: 'person' }),
  ]);
  if (decision.approved) await sayTask(tx, moved);
  // Between agents a yes is all: the receiver goes on by itself, and its workflow has nothing to do until the end.
  if (!decision.approved) wakeTask(tx, moved, 'taskEnded');
  else if (moved.action !== null) wakeTask(tx, moved, 'taskDecided');
  const decided = { state, decidedAt: row?.decidedAt ?? null, note: decision.note, codeHash: null } as const;
  return { task: moved, confirmation: { ...confirmation, ...decided }, refusal: null, repeated: false };
}

/** Of a locked task whose question is open: its end, when its time is over or nobody is there to do it. */
async function endUndecided(tx: Tx, task: Task, { expired }: Confirmation): Promise<Task> {
  const ended = await transitionTask(
    tx,
    task,
    expired
      ? { path: ['expired'], actor: 'deadline' }
      : { path: ['cancelled'], actor: 'rules', notes: RECEIVER_LEFT },
  );
  wakeTask(tx, ended, 'taskEnded');
  return ended;
}

/** Why a question that is not open takes no such decision; null: it was decided just so. */
function refusalOf({ state, decidedAt, expiresAt }: Confirmation, approved: boolean): MooringError | null {
  if (state === (approved ? 'APPROVED' : 'REFUSED')) return null;
  if (state === 'EXPIRED') {
    return new MooringError('confirmation_expired', `Its time was over at ${expiresAt}. Nothing was done.`, {
      details: { state, expired_at: expiresAt },
    });
  }
  const words =
    state === 'WITHDRAWN'
      ? 'The task was cancelled before anybody decided. Nothing was done.'
      : `It was ${state === 'APPROVED' ? 'approved' : 'declined'} already at ${decidedAt ?? ''}; the first decision counts.`;
  return new MooringError('confirmation_not_open', words, { details: { state, decided_at: decidedAt } });
}

// The task stays as it is: nobody can approve it any more, it is declined, cancelled, or expires at its deadline.
const changedSince = (): MooringError =>
  new MooringError(
    'confirmation_void',
    'What would run is no longer what you were asked for, so it cannot be approved. Decline it, or let it expire.',
  );

/** R3: what may be typed wrong is counted, and the code is worth nothing after too many. */
async function checkCode(
  tx: Tx,
  { id, codeHash, codeGood, codeTries }: Confirmation,
  typed: Buffer | null,
): Promise<MooringError | null> {
  const stepUp = (reason: string, message: string): MooringError =>
    new MooringError('step_up_required', message, { details: { reason } });
  if (codeHash === null || !codeGood)
    return stepUp('no_code', 'A fresh code by mail is needed: ask for one.');
  if (codeTries >= CODE_TRIES) {
    return stepUp('too_many_tries', 'Too many wrong codes: ask for a new one.');
  }
  if (typed === null) return stepUp('code_missing', 'The code from your mail is needed.');
  if (timingSafeEqual(typed, codeHash)) return null;
  await tx.query('update confirmations set code_tries = code_tries + 1 where id = $1', [id]);
  return stepUp('code_wrong', `This is not the code. Tries left: ${CODE_TRIES - codeTries - 1}.`);
}
