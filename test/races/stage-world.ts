import { SYSTEM } from '../../domain/principal';
import { run } from '../activities/stage';
import { setNetworkStage } from '../network/stage';
import type { NetworkReply, NetworkStage } from '../network/stage';
import type { World } from './races';

const SOON = `date_trunc('milliseconds', now()) + interval '400 milliseconds'`;

/** The API and the activities in this process. The workflow is its part at the deadline, and what it is told. */
export async function openStageWorld(): Promise<World & { close: () => Promise<void> }> {
  const stage = await setNetworkStage();
  const expired = new Map<string, string>();
  const rows: World['rows'] = (sql, values) =>
    stage.api.t.db.withTx(SYSTEM, 'test.rows', (tx) => tx.query(sql, values));
  return {
    join: stage.join,
    signIn: async (email) => (await stage.api.signIn(email)).token,
    rows,
    confirm: async (taskId, approved) => {
      const [question] = await rows<{ id: string }>('select id from confirmations where task_id = $1', [
        taskId,
      ]);
      const token = new URL(stage.links.urlOf(question?.id ?? '')).pathname.split('/').at(-1);
      const answer = await stage.api.call(`/v1/tasks/${taskId}/confirm-human`, {
        body: { confirmed: approved, token },
      });
      return { ...answer, body: answer.body as unknown as NetworkReply['body'] };
    },
    hasten: async (taskId) => {
      await rows(
        `update tasks set expires_at = case when human_confirm_deadline is null then ${SOON} else expires_at end,
                human_confirm_deadline = case when human_confirm_deadline is null then null else ${SOON} end
          where id = $1`,
        [taskId],
      );
      await rows(
        `update confirmations c set expires_at = t.human_confirm_deadline from tasks t where t.id = c.task_id and t.id = $1`,
        [taskId],
      );
    },
    async expire(taskId) {
      const progress = await run(stage.tasks.expireTask, { taskId, asOf: await deadlineOf(stage, taskId) });
      if (progress.kind === 'ended') expired.set(taskId, progress.status);
    },
    outcome: (taskId) => {
      const told = stage.api.t.signals
        .filter(({ workflowId, signal }) => workflowId === `task/${taskId}` && signal === 'taskEnded')
        .map(({ signalInput }) => String(signalInput?.['status']));
      const ends = new Set([...told, ...(expired.has(taskId) ? [expired.get(taskId)] : [])]);
      return Promise.resolve([...ends].join(' and '));
    },
    close: stage.close,
  };
}

/** The timer of the workflow never rings before its time: what it says that it is, is the deadline. */
async function deadlineOf({ api }: NetworkStage, taskId: string): Promise<string> {
  const [row] = await api.t.db.withTx(SYSTEM, 'test.deadline', (tx) =>
    tx.query<{ at: string }>(
      `select coalesce(human_confirm_deadline, expires_at) as at from tasks where id = $1`,
      [taskId],
    ),
  );
  return row?.at ?? '';
}
