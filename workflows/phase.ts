import { defineSearchAttributeKey } from '@temporalio/common';
import { upsertSearchAttributes } from '@temporalio/workflow';

const phase = defineSearchAttributeKey('MooringPhase', 'KEYWORD');

/** Where the run stands, for whoever searches for it: `open` unless it says otherwise. */
export const setPhase = (value: string): void => upsertSearchAttributes([{ key: phase, value }]);
