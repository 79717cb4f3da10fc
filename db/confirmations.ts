import { createHash, timingSafeEqual } from 'node:crypto';
import { MooringError } from '../domain/errors';
import { CODE_MS, CODE_TRIES } from '../domain/confirmation';
import type { ConfirmationState } from '../domain/confirmation';
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
export async function askForConfirmation(
  tx: Tx,
  task: Task,
  { decideMs, tokenHashOf }: { decideMs: number; tokenHashOf: (confirmationId: string) => Buffer },
): Promise<void> {
  const [row] = await tx.query<{ deadline: string; asked: string }>(
    `update tasks set human_confirm_deadline = least(now() + $2 * interval '1 millisecond', expires_at)
      where id = $1
      returning human_confirm_deadline as deadline, ${ASKED} as asked`,
    [task.id, decideMs],
  );
  if (row === undefined || task.userId === null)
    throw new Error('a task that nobody can confirm was accepted');
  const id = newId('hc');
  await tx.query(
    `insert into confirmations (id, task_id, user_id, token_hash, payload_hash, expires_at, remind_at)
     values ($1, $2, $3, $4, $5, $6, now() + ($6::timestamptz - now()) / 2)`,
    [id, task.id, task.userId, tokenHashOf(id), hashOf(row.asked), row.deadline],
  );
  await wakeTask(tx, task, 'taskAsked');
}

/** A question to a person whether a task may run. */
export interface Confirmation {
  id: string;
  taskId: string;
  userId: string;
  state: ConfirmationState;
  payloadHash: Buffer;
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

const COLUMNS = `id, task_id as "taskId", user_id as "userId", state, payload_hash as "payloadHash",
    created_at as "askedAt", expires_at as "expiresAt", expires_at <= now() as expired, remind_at as "remindAt", mailed_at as "mailedAt",
    reminded_at as "remindedAt", decided_at as "decidedAt", note, code_hash as "codeHash",
    code_until as "codeUntil", coalesce(code_until > now(), false) as "codeGood", code_tries as "codeTries"`;

/** By its task, by the hash of the link that was sent, or by its id and the person who is asked. */
export type WhichConfirmation = { taskId: string } | { tokenHash: Buffer } | { id: string; userId: string };

export const noSuchConfirmation = (): MooringError =>
  new MooringError('not_found', 'There is no such question. Look whether the link is whole.');

function whereOf(which: WhichConfirmation): [string, unknown[]] {
  if ('taskId' in which) return ['task_id = $1', [which.taskId]];
  if ('tokenHash' in which) return ['token_hash = $1', [which.tokenHash]];
  return ['id = $1 and user_id = $2', [which.id, which.userId]];
}

/** Throws not_found. */
export async function getConfirmation(tx: Tx, which: WhichConfirmation): Promise<Confirmation> {
  const [where, values] = whereOf(which);
  const [row] = await tx.query<Confirmation>(`select ${COLUMNS} from confirmations where ${where}`, values);
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

/** From now on this is the code; the tries begin anew. */
export const setCode = (tx: Tx, id: string, codeHash: Buffer): Promise<unknown> =>
  tx.query(
    `update confirmations set code_hash = $2, code_until = now() + $3 * interval '1 millisecond', code_tries = 0
      where id = $1 and state = 'OPEN'`,
    [id, codeHash, CODE_MS],
  );

/** Locks the task (and its session) that the question is about: whoever holds it decides alone. Throws not_found. */
export async function lockConfirmation(
  tx: Tx,
  which: WhichConfirmation,
): Promise<{ task: Task; confirmation: Confirmation }> {
  const { taskId } = await getConfirmation(tx, which);
  const task = await lockTask(tx, taskId);
  return { task, confirmation: await getConfirmation(tx, { taskId }) };
}

/** Whether what would run is, to the character, what the person is asked for. */
export async function isBound(tx: Tx, { taskId, payloadHash }: Confirmation): Promise<boolean> {
  const [row] = await tx.query<{ asked: string }>(`select ${ASKED} as asked from tasks where id = $1`, [
    taskId,
  ]);
  return row !== undefined && hashOf(row.asked).equals(payloadHash);
}

export interface Decision {
  which: WhichConfirmation;
  approved: boolean;
  note: string | null;
  /** R3: the hash of the code that the person typed; null: none */
  codeHash: Buffer | null;
}

/** `refusal` null: the question is decided as wished, by this call or by an earlier one that wished the same. */
export interface Decided {
  task: Task;
  confirmation: Confirmation;
  refusal: MooringError | null;
}

/**
 * A person's yes or no, once: the row lock of the task decides between two of them, the deadline and a cancel. What a
 * refused call found out stays (the task expired, a try of the code is spent), so refusals are returned, not thrown.
 * Throws not_found.
 */
export async function decideConfirmation(tx: Tx, decision: Decision): Promise<Decided> {
  const { task, confirmation } = await lockConfirmation(tx, decision.which);
  const stay = (refusal: MooringError | null): Decided => ({ task, confirmation, refusal });
  if (confirmation.state !== 'OPEN') return stay(refusalOf(confirmation, decision.approved));
  if (confirmation.expired) {
    const expired = await transitionTask(tx, task, { path: ['expired'], actor: 'deadline' });
    await wakeTask(tx, expired, 'taskEnded');
    const now = await getConfirmation(tx, { taskId: task.id });
    return { task: expired, confirmation: now, refusal: refusalOf(now, decision.approved) };
  }
  if (decision.approved) {
    if (!(await isBound(tx, confirmation))) return stay(changedSince());
    const refusal = task.riskLevel === 'R3' ? await checkCode(tx, confirmation, decision.codeHash) : null;
    if (refusal !== null) return stay(refusal);
  }
  await tx.query(
    `update confirmations set state = $2, decided_at = now(), note = $3, code_hash = null where id = $1`,
    [confirmation.id, decision.approved ? 'APPROVED' : 'REFUSED', decision.note],
  );
  const moved = await transitionTask(tx, task, {
    path: [decision.approved ? 'in_progress' : 'cancelled'],
    actor: 'person',
  });
  if (decision.approved) await sayTask(tx, moved);
  await wakeTask(tx, moved, decision.approved ? 'taskDecided' : 'taskEnded');
  return { task: moved, confirmation: await getConfirmation(tx, { taskId: task.id }), refusal: null };
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
