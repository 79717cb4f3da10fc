import { MooringError } from '../domain/errors';
import type { RiskLevel } from '../domain/task';
import { decideConfirmation, noSuchConfirmation } from './confirmations';
import type { Decided } from './confirmations';
import type { Tx } from './database';
import { lockTask, transitionTask, wakeTask } from './tasks';

/**
 * A person's yes or no in the chat, on a risky task of it. Throws not_found, and step_up_required for R3, which is decided
 * on its page.
 */
export async function decideInChat(
  tx: Tx,
  wish: { sessionId: string; id: string; approved: boolean; note: string | null },
): Promise<Decided> {
  const [found] = await tx.query<{ taskId: string; riskLevel: RiskLevel; url: string }>(
    `select c.task_id as "taskId", t.risk_level as "riskLevel", '/approvals/' || c.id as url
       from confirmations c join tasks t on t.id = c.task_id where c.id = $1 and t.session_id = $2`,
    [wish.id, wish.sessionId],
  );
  if (found === undefined) throw noSuchConfirmation();
  if (found.riskLevel === 'R3' && wish.approved) {
    throw new MooringError(
      'step_up_required',
      'This is confirmed on its own page, with a code from your mail.',
      {
        details: { url: found.url },
      },
    );
  }
  return decideConfirmation(tx, {
    which: { taskId: found.taskId },
    approved: wish.approved,
    note: wish.note,
    codeHash: null,
  });
}

/** Takes back what a turn, or a whole locked session, has asked its person to confirm: its task is cancelled. */
export async function withdrawConfirmations(
  tx: Tx,
  { sessionId, turnId }: { sessionId: string; turnId: string | null },
): Promise<void> {
  const waiting = await tx.query<{ id: string }>(
    `select id from tasks where session_id = $1 and ($2::text is null or turn_id = $2)
        and status = 'waiting_human_confirm' order by id`,
    [sessionId, turnId],
  );
  for (const { id } of waiting) {
    const task = await transitionTask(tx, await lockTask(tx, id), { path: ['cancelled'], actor: 'person' });
    wakeTask(tx, task, 'taskEnded');
  }
}
