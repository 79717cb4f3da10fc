import { closeAttempt, countBadAnswers, openAttempt } from '../../db/attempts';
import { SYSTEM } from '../../domain/principal';
import type { AttemptKind, AttemptOutcome } from '../../domain/task';
import { setNetworkStage } from '../network/stage';
import type { NetworkStage } from '../network/stage';

let stage: NetworkStage;
beforeAll(async () => {
  stage = await setNetworkStage();
});
afterAll(() => stage.close());

async function newTask(): Promise<string> {
  const [sender, agent] = [await stage.join(), await stage.join()];
  const wish = { to_agent_id: agent.id, task_type: 'service_request' };
  return String((await sender.call('/v1/tasks', { body: wish })).body['id']);
}

interface Call {
  kind: AttemptKind;
  /** undefined: the call is under way, or nobody knows what came of it */
  outcome?: AttemptOutcome;
  httpStatus?: number;
}

/** What a task's calls came to, one after the other. */
const call = (taskId: string, calls: Call[]): Promise<void> =>
  stage.api.t.db.withTx(SYSTEM, 'test', async (tx) => {
    const [task] = await tx.query<{ id: string; userId: string }>(
      'select id, user_id as "userId" from tasks where id = $1',
      [taskId],
    );
    if (task === undefined) throw new Error('no task');
    for (const { kind, outcome, httpStatus = null } of calls) {
      const attempt = await openAttempt(tx, task, kind);
      if (outcome !== undefined)
        closeAttempt(tx, taskId, { attempt, outcome, httpStatus, head: '', latencyMs: 1 });
    }
  });
const count = (taskId: string, kind: 'probe' | 'drained'): Promise<number> =>
  stage.api.t.db.withTx(SYSTEM, 'test', (tx) => countBadAnswers(tx, taskId, kind));

test('a bad answer is one that came and could not be used, to this task and in this kind of call', async () => {
  const [id, other] = [await newTask(), await newTask()];
  expect(await count(id, 'probe')).toBe(0);
  await call(id, [
    { kind: 'probe', outcome: 'retry', httpStatus: 500 },
    { kind: 'probe', outcome: 'retry', httpStatus: 404 },
    { kind: 'drained', outcome: 'retry', httpStatus: 503 },
  ]);
  await call(other, [{ kind: 'probe', outcome: 'retry', httpStatus: 500 }]);
  expect(await count(id, 'probe')).toBe(2);
  expect(await count(id, 'drained')).toBe(1);
  expect(await count(other, 'drained')).toBe(0);
});

test.each<[string, Call]>([
  ['a call that nobody answered', { kind: 'drained', outcome: 'retry' }],
  ['a call that is under way', { kind: 'drained' }],
  ['an answer that was taken', { kind: 'drained', outcome: 'delivered', httpStatus: 200 }],
  ['a refusal, which is an answer', { kind: 'drained', outcome: 'failed', httpStatus: 410 }],
  ['a first attempt, which the breaker counts', { kind: 'attempt', outcome: 'retry', httpStatus: 500 }],
])('%s says nothing bad of a task', async (_what, one) => {
  const id = await newTask();
  await call(id, [one]);
  expect(await count(id, 'drained')).toBe(0);
});
