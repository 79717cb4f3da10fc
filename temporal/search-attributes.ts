import { defineSearchAttributeKey } from '@temporalio/common';
import type { NativeConnection } from '@temporalio/worker';

/** The six search attributes, all keywords: ids and states, never personal data. */
export const SEARCH_ATTRIBUTES = {
  user: defineSearchAttributeKey('MooringUser', 'KEYWORD'),
  agent: defineSearchAttributeKey('MooringAgent', 'KEYWORD'),
  task: defineSearchAttributeKey('MooringTask', 'KEYWORD'),
  phase: defineSearchAttributeKey('MooringPhase', 'KEYWORD'),
  risk: defineSearchAttributeKey('MooringRisk', 'KEYWORD'),
  region: defineSearchAttributeKey('MooringRegion', 'KEYWORD'),
} as const;

/** of Temporal's API: IndexedValueType, and the gRPC status */
const KEYWORD = 2;
const ALREADY_EXISTS = 6;

/** Registers the six on a server that does not know them yet (one we did not start). */
export async function registerSearchAttributes(
  connection: NativeConnection,
  namespace: string,
): Promise<void> {
  const names = Object.values(SEARCH_ATTRIBUTES).map(({ name }) => name);
  const { customAttributes } = await connection.operatorService.listSearchAttributes({ namespace });
  const missing = names.filter((name) => !(name in customAttributes));
  if (missing.length === 0) return;
  await connection.operatorService
    .addSearchAttributes({
      namespace,
      searchAttributes: Object.fromEntries(missing.map((name) => [name, KEYWORD])),
    })
    .catch((error: unknown) => {
      // another platform process was first
      if (!(error instanceof Error && 'code' in error && error.code === ALREADY_EXISTS)) throw error;
    });
}
