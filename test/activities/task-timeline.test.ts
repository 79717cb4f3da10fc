import { eraseSession } from '../../db/erase';
import { readTimeline, seatAt } from '../../db/task-timeline';
import type { Timeline } from '../../db/task-timeline';
import { SYSTEM } from '../../domain/principal';
import { run, setStage } from './stage';
import type { Stage } from './stage';
import { OK } from './zoo';

let stage: Stage;
let mailer: string;
beforeAll(async () => {
  stage = await setStage();
  mailer = await stage.listAgent('Mailer', stage.zoo.keep('mailer', { invoke: OK }));
});
afterAll(() => stage.close());

/** As this person reads the task. */
async function readAs(userId: string, taskId: string): Promise<Timeline & { side: string }> {
  const { principal, side } = await stage.t.db.withTx(SYSTEM, 'test.seat', (tx) =>
    seatAt(tx, { taskId, userId }),
  );
  const timeline = await stage.t.db.withTx(principal, 'test.read', (tx) =>
    readTimeline(tx, { id: taskId, userId }),
  );
  return { ...timeline, side };
}

test('the person of a chat reads all of its task, and so does the owner of the agent; nobody else; of an erased chat its person reads nothing', async () => {
  const chat = await stage.openChat();
  const other = await stage.openChat();
  await chat.say('send this to all');
  await chat.use('connect_agent', { agent_id: mailer });
  await chat.use('invoke_agent', { agent_id: mailer, action: 'count', arguments: { to: 'all' } });
  const taskId = await chat.lastTask();
  await run(stage.activities.deliverTask, { taskId });
  expect(await readAs(chat.userId, taskId)).toMatchObject({
    side: 'from',
    sessionId: chat.sessionId,
    to: { name: 'Mailer' },
    task: { action: 'count', payloadInline: { to: 'all' }, status: 'completed' },
    events: [{ to: 'pending_delivery' }, { to: 'accepted' }, { to: 'in_progress' }, { to: 'completed' }],
    attempts: [{ attempt: 1, kind: 'attempt', http_status: 200, outcome: 'completed' }],
  });
  const [owner] = await chat.rows<{ id: string }>('select owner_id as id from agents where id = $1', [
    mailer,
  ]);
  expect(await readAs(owner?.id ?? '', taskId)).toMatchObject({ side: 'to', task: { status: 'completed' } });
  await expect(readAs(other.userId, taskId)).rejects.toMatchObject({ code: 'not_found' });
  const { sessionId, userId } = chat;
  await stage.t.db.withTx(SYSTEM, 'test.erase', (tx) => eraseSession(tx, { sessionId, userId }));
  await expect(readAs(userId, taskId)).rejects.toMatchObject({ code: 'not_found' });
  expect(await readAs(owner?.id ?? '', taskId)).toMatchObject({ task: { payloadInline: {}, result: null } });
});
