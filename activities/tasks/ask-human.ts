import { Context } from '@temporalio/activity';
import { getConfirmation, setAsked } from '../../db/confirmations';
import type { Confirmation } from '../../db/confirmations';
import type { Tx } from '../../db/database';
import { getQuestion } from '../../db/questions';
import type { Question } from '../../db/questions';
import { lockTask, markTaskSeen } from '../../db/tasks';
import { MooringError } from '../../domain/errors';
import { SYSTEM } from '../../domain/principal';
import type { TaskProgress } from '../../domain/workflows';
import type { ApprovalLinks } from '../../lib/approval-links';
import type { OutgoingMail } from '../mail';
import type { TaskDeps } from './activities';
import { progressOf } from './progress';

interface Input {
  taskId: string;
  asOf: string;
}

type Next = { progress: TaskProgress } | { mail: OutgoingMail; question: Confirmation; isReminder: boolean };

/** Mails the person, or reminds them at half time. A mail that cannot go now is tried again; meanwhile they may decide. */
export async function askHuman(deps: TaskDeps, { taskId, asOf }: Input): Promise<TaskProgress> {
  const { db, links, sendMail } = deps;
  const next = await db.withTx(SYSTEM, 'task.ask-human', (tx) => openMail(tx, links, { taskId, asOf }));
  if ('progress' in next) return next.progress;
  const { mail, question, isReminder } = next;
  const failure = await sendMail(mail).then(() => null, expectedFailure);
  return db.withTx(SYSTEM, 'task.record-mail', async (tx) => {
    const progress = progressOf(await lockTask(tx, taskId), { mailed: true });
    if (failure !== null) return waiting(progress, failure.retryable ? nextTry(question, asOf) : null);
    await setAsked(tx, question.id, isReminder ? 'reminded_at' : 'mailed_at');
    return waiting(progress, isReminder || asOf >= question.remindAt ? null : question.remindAt);
  });
}

/** Not one of the activity: while that retries, the workflow would not hear a decision made on the page. */
function expectedFailure(error: unknown): MooringError {
  if (!(error instanceof MooringError)) throw error;
  Context.current().log.warn(error.message);
  return error;
}

async function openMail(tx: Tx, links: ApprovalLinks, { taskId, asOf }: Input): Promise<Next> {
  const task = await lockTask(tx, taskId);
  await markTaskSeen(tx, task);
  if (task.status !== 'waiting_human_confirm') return { progress: progressOf(task) };
  const question = await getConfirmation(tx, { taskId });
  const isReminder = question.mailedAt !== null;
  const isDue = isReminder
    ? question.remindedAt === null && asOf >= question.remindAt
    : asOf < question.expiresAt;
  if (!isDue) {
    const remindAt = isReminder && question.remindedAt === null ? question.remindAt : null;
    return { progress: waiting(progressOf(task, { mailed: true }), remindAt) };
  }
  const mail = mailOf(await getQuestion(tx, taskId), { question, url: links.urlOf(question.id), isReminder });
  return { mail, question, isReminder };
}

const waiting = (progress: TaskProgress, remindAt: string | null): TaskProgress =>
  progress.kind === 'asking' ? { ...progress, remindAt } : progress;

const LEAST_MS = 2_000;
const MOST_MS = 300_000;

/** Later and later, so that a mail server that is away all the night is a short history. */
function nextTry({ askedAt, expiresAt }: Confirmation, asOf: string): string | null {
  const waited = (Date.parse(asOf) - Date.parse(askedAt)) / 2;
  const next = Date.parse(asOf) + Math.min(MOST_MS, Math.max(LEAST_MS, waited));
  return next < Date.parse(expiresAt) ? new Date(next).toISOString() : null;
}

/** A name cannot look like a part of the mail. */
const inLine = (name: string): string => name.replace(/[\s\p{Cc}]+/gu, ' ').trim();

function mailOf(
  ask: Question,
  { question, url, isReminder }: { question: Confirmation; url: string; isReminder: boolean },
): OutgoingMail {
  const [from, to] = [inLine(ask.fromName), inLine(ask.toName)];
  const what = ask.description ?? ask.action ?? ask.taskType;
  const until = question.expiresAt.replace('T', ' ').replace(/\.\d+Z$/, ' UTC');
  return {
    messageId: `${question.id}.${isReminder ? 'reminder' : 'question'}`,
    to: ask.personEmail,
    subject: `${isReminder ? 'Still waiting: ' : ''}${from} needs your yes or no (${ask.riskLevel})`,
    text: `${from} (your agent ${ask.fromSlug}) asks ${to} (${ask.toSlug}):

  ${what}

Risk: ${ask.riskLevel}. ${ask.riskReasons.join(' ')}
Nothing has run yet. Decide before ${until}; after that the task expires and nothing is done.

See exactly what will run, and approve or decline it:
${url}

The link decides nothing by being opened, and it is for you alone: do not forward it.
`,
  };
}
