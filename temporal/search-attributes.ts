import { defineSearchAttributeKey } from '@temporalio/common';

/** The six search attributes, all keywords: ids and states, never personal data. */
export const SEARCH_ATTRIBUTES = {
  user: defineSearchAttributeKey('MooringUser', 'KEYWORD'),
  agent: defineSearchAttributeKey('MooringAgent', 'KEYWORD'),
  task: defineSearchAttributeKey('MooringTask', 'KEYWORD'),
  phase: defineSearchAttributeKey('MooringPhase', 'KEYWORD'),
  risk: defineSearchAttributeKey('MooringRisk', 'KEYWORD'),
  region: defineSearchAttributeKey('MooringRegion', 'KEYWORD'),
} as const;
