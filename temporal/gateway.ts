import { WorkflowExecutionAlreadyStartedError } from '@temporalio/client';
import type { Client } from '@temporalio/client';
import { TypedSearchAttributes } from '@temporalio/common';
import type { SearchAttributePair } from '@temporalio/common';
import type { Origin } from '../domain/origin';
import { QUEUES } from '../domain/workflows';
import type { TaskProgress, WorkflowType } from '../domain/workflows';
import { span } from '../lib/telemetry';
import { withOrigin } from './origin-header';
import { SEARCH_ATTRIBUTES } from './search-attributes';

/** What is told to Temporal: a start, or a fact by signal-with-start. Ids and versions only. */
export interface WorkflowSignal {
  workflow: WorkflowType;
  workflowId: string;
  input: Record<string, string>;
  signal: string | null;
  signalInput: Record<string, string | number> | null;
  /** the request that this goes back to, told to the run; absent: nobody's */
  origin?: Origin | null;
  /** of a task: what its first delivery has come to */
  first?: TaskProgress;
}

export interface Gateway {
  /** Sends one; resolves when the server has it. A run that has ended counts as sent when its row has ended too. */
  send: (signal: WorkflowSignal) => Promise<void>;
}

const DEADLINE_MS = 3_000;
/** 1 is first, 5 is last: what a person waits for before what they do not see. */
const PRIORITY: Record<WorkflowType, number> = {
  chatSession: 2,
  payment: 1,
  refund: 4,
  task: 4,
  agentMonitor: 5,
  mail: 1,
  ledgerProof: 5,
  auditSeal: 5,
};

export interface GatewayDeps {
  client: Client;
  /** stored with each workflow */
  region: string;
  /** whether something must still come of the workflow's row */
  isOpen: (workflowId: string) => Promise<boolean>;
  /** told when a run had ended before its row, and was started anew */
  onRestart: (workflowId: string) => void;
}

/** The only caller of the Temporal client. */
export function createGateway({ client, region, isOpen, onRestart }: GatewayDeps): Gateway {
  const optionsOf = ({ workflow, workflowId, input, first }: WorkflowSignal) => ({
    workflowId,
    taskQueue: QUEUES[workflow],
    args: [first === undefined ? input : { ...input, first }],
    workflowTaskTimeout: '3 seconds' as const,
    staticSummary: summaryOf(workflow, input),
    typedSearchAttributes: attributesOf(workflow, input, region),
    priority: {
      priorityKey: PRIORITY[workflow],
      ...(input['userId'] === undefined ? {} : { fairnessKey: input['userId'] }),
    },
  });

  const tell = (wish: WorkflowSignal, reuse: Reuse) => {
    const options = { ...optionsOf(wish), workflowIdReusePolicy: reuse };
    return wish.signal === null
      ? client.workflow.start(wish.workflow, { ...options, requestEagerStart: true })
      : client.workflow.signalWithStart(wish.workflow, {
          ...options,
          signal: wish.signal,
          signalArgs: [wish.signalInput],
        });
  };
  const hasEnded = async ({ workflowId, signal }: WorkflowSignal): Promise<boolean> => {
    // A run that is there would have taken the signal; a second start does not say.
    if (signal !== null) return true;
    return (await client.workflow.getHandle(workflowId).describe()).status.name !== 'RUNNING';
  };

  const send = async (wish: WorkflowSignal): Promise<void> => {
    try {
      // A second sending of the same fact must never start a second run.
      await tell(wish, 'REJECT_DUPLICATE');
    } catch (error) {
      if (!(error instanceof WorkflowExecutionAlreadyStartedError)) throw error;
      if (!(await hasEnded(wish)) || !(await isOpen(wish.workflowId))) return;
      // Somebody ended the run by hand, or it failed: its first activity reads the row and goes on from there.
      onRestart(wish.workflowId);
      await tell(wish, 'ALLOW_DUPLICATE');
    }
  };

  return {
    send: (wish) =>
      span({ ...spanOf(wish), of: wish.origin ?? null }, () =>
        client.withDeadline(Date.now() + DEADLINE_MS, () =>
          withOrigin(wish.origin ?? null, () => send(wish)),
        ),
      ),
  };
}

type Reuse = 'REJECT_DUPLICATE' | 'ALLOW_DUPLICATE';

const spanOf = ({ workflow, workflowId, signal }: WorkflowSignal) => ({
  name: `${signal === null ? 'start' : 'signal'} ${workflow}`,
  kind: 'producer' as const,
  attributes: { 'mooring.workflow': workflowId, ...(signal === null ? {} : { 'mooring.signal': signal }) },
});

function summaryOf(workflow: WorkflowType, input: Record<string, string>): string {
  switch (workflow) {
    case 'chatSession':
      return 'A chat: waits for messages, runs their turns';
    case 'task':
      return `A task of agent ${input['agentId'] ?? '?'}, due ${input['expiresAt'] ?? '?'}`;
    case 'payment':
      return `A payment: approval until ${input['expiresAt'] ?? '?'}, then hold, then capture or return`;
    case 'refund':
      return 'A refund at a network: moves what comes back, and looks until it has moved';
    case 'mail':
      return `A mail with a code, good until ${input['until'] ?? '?'}`;
    case 'ledgerProof':
      return 'The nightly proof of the ledger';
    case 'auditSeal':
      return 'The hourly seal of the audit log';
    case 'agentMonitor':
      return `Agent ${input['agentId'] ?? '?'}: probes it when its owner asks, tries it while it is down`;
  }
}

function attributesOf(
  workflow: WorkflowType,
  input: Record<string, string>,
  region: string,
): TypedSearchAttributes {
  const pairs: SearchAttributePair[] = [{ key: SEARCH_ATTRIBUTES.region, value: region }];
  // Of a task only an end that is no completion is said (workflows/task.ts).
  if (workflow !== 'task') pairs.push({ key: SEARCH_ATTRIBUTES.phase, value: 'open' });
  const { userId, agentId, taskId, riskLevel } = input;
  if (userId !== undefined) pairs.push({ key: SEARCH_ATTRIBUTES.user, value: userId });
  if (agentId !== undefined) pairs.push({ key: SEARCH_ATTRIBUTES.agent, value: agentId });
  if (taskId !== undefined) pairs.push({ key: SEARCH_ATTRIBUTES.task, value: taskId });
  if (riskLevel !== undefined) pairs.push({ key: SEARCH_ATTRIBUTES.risk, value: riskLevel });
  return new TypedSearchAttributes(pairs);
}
