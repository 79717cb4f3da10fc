import type { Database } from '../../db/database';
import { askPrompt } from '../../db/prompts';
import { createTool } from './run-tool';

export interface AskPersonDeps {
  db: Database;
  waitMs: number;
  questionDeadlineMs: number;
}

/** Asks the person something, and lets the turn wait for the answer. */
export const createAskPerson = (deps: AskPersonDeps) =>
  createTool(deps, {
    name: 'user_prompt',
    activity: 'askPerson',
    working: () => 'Preparing a question',
    look: (call, { question, options = [] }) =>
      Promise.resolve(async (tx) => {
        await askPrompt(tx, {
          sessionId: call.sessionId,
          userId: call.userId,
          turnId: call.turnId,
          toolCallId: call.id,
          question,
          options,
          deadlineMs: deps.questionDeadlineMs,
        });
        return { kind: 'wait', state: 'waiting', text: 'Waiting for your answer' };
      }),
  });
