import { createOneByOne } from '../../api/one-by-one';
import { recordFact } from '../../api/record-fact';
import type { ClientFact } from '../../domain/frames';
import { MooringError } from '../../domain/errors';
import { createRateLimit } from '../../lib/rate-limit';
import { SYSTEM } from '../../domain/principal';
import { riskyChat } from '../activities/risky-chat';
import { run } from '../activities/stage';
import type { Stage } from '../activities/stage';
import { meetAt } from './races';

/** What a person, a stop of their turn and the deadline made of one question in a chat. */
export interface RacedInChat {
  yes: string;
  no: string;
  status: string | undefined;
  question: string | undefined;
  /** the outcomes of CONFIRMATION_RESOLVED, and the status of each TASK_UPDATE */
  resolved: unknown[];
  updates: unknown[];
  /** what the model is told */
  result: unknown;
  calls: number;
}

/** A yes in one window, a no in another, a stop, and the workflow's timer, all within 5 ms of the deadline. */
export async function raceInChat(
  stage: Stage,
  { mailer, random }: { mailer: string; random: () => number },
): Promise<RacedInChat> {
  const { chat, taskId, callId, confirmationId } = await riskyChat(stage, mailer);
  const { sessionId, userId } = chat;
  const deadline = Date.now() + 200;
  const asOf = new Date(deadline).toISOString();
  await stage.t.db.withTx(SYSTEM, 'test.hasten', async (tx) => {
    await tx.query('update tasks set human_confirm_deadline = $2 where id = $1', [taskId, asOf]);
    await tx.query('update confirmations set expires_at = $2 where task_id = $1', [taskId, asOf]);
  });
  const api = {
    db: stage.t.db,
    messageLimit: createRateLimit({ limit: 1, windowMs: 1 }),
    oneByOne: createOneByOne(),
  };
  const say = (id: string, fact: ClientFact): Promise<string> =>
    recordFact(api, { userId, sessionId, way: 'socket' }, { ...fact, id }).then(
      (answer) => ('state' in answer ? answer.state : 'taken'),
      (error: unknown) => {
        if (!(error instanceof MooringError)) throw error;
        return error.code;
      },
    );
  const answer = (id: string, approved: boolean) => () =>
    say(id, { type: 'CONFIRMATION_RESPONSE', data: { confirmation_id: confirmationId, approved } });
  const at = async <T>(act: () => Promise<T>, timer = false): Promise<T> => {
    await meetAt(deadline, { random, timer });
    return act();
  };
  const [yes, no] = await Promise.all([
    at(answer('yes', true)),
    at(answer('no', false)),
    random() < 0.5 ? at(() => say('stop', { type: 'CANCEL_TURN', data: {} })) : undefined,
    at(() => run(stage.activities.expireTask, { taskId, asOf }), true),
  ]);
  // What the workflow does next: it makes the call, if there is one to be made.
  await run(stage.activities.deliverTask, { taskId });
  const [task] = await chat.rows<{ status: string; state: string }>(
    'select t.status, c.state from tasks t join confirmations c on c.task_id = t.id where t.id = $1',
    [taskId],
  );
  return {
    yes,
    no,
    status: task?.status,
    question: task?.state,
    resolved: (await chat.frames('CONFIRMATION_RESOLVED')).map(({ outcome }) => outcome),
    updates: (await chat.frames('TASK_UPDATE')).map(({ status }) => status),
    result: (await chat.call(callId)).result?.['status'],
    calls: stage.zoo.calls('mailer').filter(({ headers }) => headers['webhook-id'] === taskId).length,
  };
}

const TELLS = {
  APPROVED: {
    outcome: 'approved',
    status: 'completed',
    yes: 'APPROVED',
    no: 'confirmation_not_open',
    calls: 1,
  },
  REFUSED: {
    outcome: 'declined',
    status: 'cancelled',
    yes: 'confirmation_not_open',
    no: 'REFUSED',
    calls: 0,
  },
  WITHDRAWN: {
    outcome: 'withdrawn',
    status: 'cancelled',
    yes: 'confirmation_not_open',
    no: 'confirmation_not_open',
    calls: 0,
  },
  EXPIRED: {
    outcome: 'expired',
    status: 'expired',
    yes: 'confirmation_expired',
    no: 'confirmation_expired',
    calls: 0,
  },
};

/** One outcome: both windows, the frames, the row, the model and the agent have that one. */
export function expectOneInChat(raced: RacedInChat): void {
  const tells = Object.entries(TELLS).find(([state]) => state === raced.question)?.[1];
  if (tells === undefined) throw new Error(`a question that is ${raced.question ?? 'lost'}`);
  const { outcome, status, yes, no, calls } = tells;
  expect(raced).toMatchObject({ yes, no, status, resolved: [outcome], result: status, calls });
  expect(raced.updates.at(-1)).toBe(status);
}
