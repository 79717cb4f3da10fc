import type { Client as TemporalClient } from '@temporalio/client';
import type { WorkflowBundleOption } from '@temporalio/worker';
import { Client } from 'pg';
import type { AgentCall } from '../harness/platform';

/** What a client was told is a fact. */
export interface Acknowledged {
  /** in the order in which they were acknowledged */
  messages: { sessionId: string; clientId: string; content: string }[];
  decisions: { paymentId: string; approved: boolean }[];
}

/** Everything the invariants are held against: the facts, Temporal, the agents' own records, what clients were told. */
export interface World {
  query: <R extends object>(sql: string, values?: unknown[]) => Promise<R[]>;
  temporal: TemporalClient;
  workflowBundle: WorkflowBundleOption;
  agentCalls: () => Promise<AgentCall[]>;
  acknowledged: Acknowledged;
  /** histories of runs that began earlier have been replayed already */
  since: Date;
  /** as many delivery attempts as a task may have */
  maxAttempts: number;
}

/** Something that must never be, by the number of the invariant in design.md. */
export interface Violation {
  invariant: number;
  what: string;
}

/** Reads as the owner of the database, whom row-level security hides nothing from. */
export async function openFacts(url: string): Promise<{ query: World['query']; close: () => Promise<void> }> {
  const client = new Client({ connectionString: url, statement_timeout: 10_000 });
  await client.connect();
  return {
    query: async <R extends object>(sql: string, values?: unknown[]) =>
      (await client.query<R>(sql, values)).rows,
    close: () => client.end(),
  };
}
