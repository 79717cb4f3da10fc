import { defineSearchAttributeKey } from '@temporalio/common';
import { upsertSearchAttributes } from '@temporalio/workflow';

const phase = defineSearchAttributeKey('MooringPhase', 'KEYWORD');

/** How the run ended, for whoever searches for it: `open` until then. */
export const setFinalPhase = (value: string): void => upsertSearchAttributes([{ key: phase, value }]);
