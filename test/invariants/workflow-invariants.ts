import { Worker } from '@temporalio/worker';
import type { World } from './world';

interface OpenRun {
  workflowId: string;
  runId: string;
}

async function openRuns({ temporal }: World): Promise<OpenRun[]> {
  const runs: OpenRun[] = [];
  for await (const { workflowId, runId } of temporal.workflow.list({ query: "ExecutionStatus = 'Running'" }))
    runs.push({ workflowId, runId });
  return runs;
}

/** (8) No workflow task is failing. */
export async function noTaskFails(world: World): Promise<string[]> {
  const runs = await openRuns(world);
  const described = await Promise.all(
    runs.map(async ({ workflowId, runId }) => {
      const { raw } = await world.temporal.workflow.getHandle(workflowId, runId).describe();
      return { workflowId, attempt: raw.pendingWorkflowTask?.attempt ?? 0 };
    }),
  );
  const failed: string[] = [];
  const ended = "ExecutionStatus in ('Failed', 'TimedOut')";
  for await (const { workflowId } of world.temporal.workflow.list({ query: ended })) failed.push(workflowId);
  return [
    ...described
      .filter(({ attempt }) => attempt > 1)
      .map(
        ({ workflowId, attempt }) => `${workflowId}: its workflow task is tried for the ${attempt}th time`,
      ),
    ...failed.map((workflowId) => `${workflowId} has failed`),
  ];
}

/** (9) Every history replays. */
export async function historiesReplay({ temporal, workflowBundle, since }: World): Promise<string[]> {
  const problems: string[] = [];
  const histories = temporal.workflow
    .list({ query: `StartTime >= '${since.toISOString()}'` })
    .intoHistories();
  for await (const { workflowId, error } of Worker.runReplayHistories({ workflowBundle }, histories)) {
    if (error !== undefined) problems.push(`${workflowId} does not replay: ${error.message}`);
  }
  return problems;
}

/** Rows that something must still come of, by the workflow that sees to it. A chat that was never written to has none. */
const OPEN_ROWS = `
  select 'session/' || id as "workflowId", wake_version > 0 as needed from sessions where phase <> 'CLOSED'
  union all select 'task/' || id, true from tasks where ended_at is null
  union all select 'payment/' || id, true from payments where state in ('AWAITING_APPROVAL', 'AUTHORIZING', 'HELD', 'UNKNOWN')
  union all select 'refund/' || id, true from refunds where state = 'pending'
  union all select 'mail/' || id, true from mails where ended_at is null and until > now()
  union all select 'agent-monitor/' || id, true from agents
    where wake_version > 0 and status in ('PENDING', 'ACTIVE', 'SUSPENDED')
  union all select 'agent-monitor/' || b.agent_id, true from breakers b join agents a on a.id = b.agent_id
    where b.wake_version > 0 and (b.state <> 'closed' or a.status in ('PENDING', 'ACTIVE', 'SUSPENDED'))`;

/** (10) No row without a workflow, no workflow without a row. */
export async function rowsAndRunsFit(world: World): Promise<string[]> {
  const rows = await world.query<{ workflowId: string; needed: boolean }>(OPEN_ROWS);
  const unsent = await world.query<{ id: string }>(
    'select workflow_id as id from outbox where sent_at is null',
  );
  const running = new Set((await openRuns(world)).map(({ workflowId }) => workflowId));
  const known = new Set(rows.map(({ workflowId }) => workflowId));
  return [
    ...rows
      .filter(({ workflowId, needed }) => needed && !running.has(workflowId))
      .map(({ workflowId }) => `${workflowId} is open and has no workflow`),
    ...[...running]
      .filter((id) => !known.has(id))
      .map((id) => `${id} runs and its row has ended or is not there`),
    ...unsent.map(({ id }) => `a signal for ${id} was never sent`),
  ];
}
