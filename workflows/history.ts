import { workflowInfo } from '@temporalio/workflow';

const HISTORY_LIMIT = 600;

/** Whether it is time to begin a new history, at the next place where nothing is under way. */
export function isLong(): boolean {
  const { historyLength, continueAsNewSuggested } = workflowInfo();
  return historyLength > HISTORY_LIMIT || continueAsNewSuggested;
}
