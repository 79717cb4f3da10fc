import { WorkflowExecutionAlreadyStartedError } from '@temporalio/client';
import type { Client } from '@temporalio/client';
import { TypedSearchAttributes } from '@temporalio/common';
import type { SearchAttributePair } from '@temporalio/common';
import { QUEUES } from '../domain/workflows';
import type { WorkflowType } from '../domain/workflows';
import { SEARCH_ATTRIBUTES } from './search-attributes';

/** What is told to Temporal: a start, or a fact by signal-with-start. Ids and versions only. */
export interface WorkflowSignal {
  workflow: WorkflowType;
  workflowId: string;
  input: Record<string, string>;
  signal: string | null;
  signalInput: Record<string, string | number> | null;
}

export interface Gateway {
  /** Sends one; resolves when the server has it. A workflow that has run already counts as sent. */
  send: (signal: WorkflowSignal) => Promise<void>;
}

const DEADLINE_MS = 3_000;
/** 1 is first, 5 is last: what a person waits for before what they do not see. */
const PRIORITY: Record<WorkflowType, number> = { chatSession: 2, payment: 1, task: 4 };

/** The only caller of the Temporal client. `region` is stored with each workflow. */
export function createGateway(client: Client, region: string): Gateway {
  const optionsOf = ({ workflow, workflowId, input }: WorkflowSignal) => ({
    workflowId,
    taskQueue: QUEUES[workflow],
    args: [input],
    // A second sending of the same fact must never start a second run.
    workflowIdReusePolicy: 'REJECT_DUPLICATE' as const,
    workflowTaskTimeout: '3 seconds' as const,
    staticSummary: summaryOf(workflow, input),
    typedSearchAttributes: attributesOf(input, region),
    priority: {
      priorityKey: PRIORITY[workflow],
      ...(input['userId'] === undefined ? {} : { fairnessKey: input['userId'] }),
    },
  });

  return {
    async send(wish) {
      try {
        await client.withDeadline(Date.now() + DEADLINE_MS, async () => {
          if (wish.signal === null) {
            await client.workflow.start(wish.workflow, { ...optionsOf(wish), requestEagerStart: true });
          } else {
            await client.workflow.signalWithStart(wish.workflow, {
              ...optionsOf(wish),
              signal: wish.signal,
              signalArgs: [wish.signalInput],
            });
          }
        });
      } catch (error) {
        if (!(error instanceof WorkflowExecutionAlreadyStartedError)) throw error;
      }
    },
  };
}

function summaryOf(workflow: WorkflowType, input: Record<string, string>): string {
  switch (workflow) {
    case 'chatSession':
      return 'A chat: waits for messages, runs their turns';
    case 'task':
      return `A task of agent ${input['agentId'] ?? '?'}, due ${input['expiresAt'] ?? '?'}`;
    case 'payment':
      return `A payment: approval until ${input['expiresAt'] ?? '?'}, then hold, then capture or return`;
  }
}

function attributesOf(input: Record<string, string>, region: string): TypedSearchAttributes {
  const pairs: SearchAttributePair[] = [
    { key: SEARCH_ATTRIBUTES.region, value: region },
    { key: SEARCH_ATTRIBUTES.phase, value: 'open' },
  ];
  const { userId, agentId, taskId, riskLevel } = input;
  if (userId !== undefined) pairs.push({ key: SEARCH_ATTRIBUTES.user, value: userId });
  if (agentId !== undefined) pairs.push({ key: SEARCH_ATTRIBUTES.agent, value: agentId });
  if (taskId !== undefined) pairs.push({ key: SEARCH_ATTRIBUTES.task, value: taskId });
  if (riskLevel !== undefined) pairs.push({ key: SEARCH_ATTRIBUTES.risk, value: riskLevel });
  return new TypedSearchAttributes(pairs);
}
