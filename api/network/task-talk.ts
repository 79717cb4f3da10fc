import type { Request, Router } from 'express';
import type { Tx } from '../../db/database';
import { getNetworkTask, isSide } from '../../db/network-tasks';
import { messagesOfTask, rateTask, sayInTask } from '../../db/task-talk';
import type { TaskMessage } from '../../db/task-talk';
import { lockOwnTask } from '../../db/tasks';
import { MooringError } from '../../domain/errors';
import { isTerminal } from '../../domain/task';
import type { NetworkCall } from './door';
import { MessagesQuery, NewMessage, Rating } from './schemas';
import { isOver, meet, seen } from './tasks';
import type { Met } from './tasks';

/** What the two sides of a task say to each other, and what the sender thinks of it afterwards. */
export function talkRoutes({ router, call }: { router: Router; call: NetworkCall }): void {
  router.post('/tasks/:id/messages', (req, res) =>
    call({ req, res, name: 'task.say' }, async (tx) => {
      const said = NewMessage.parse(req.body);
      const met = await meetOpen(tx, req);
      if ('refusal' in met) return met;
      const message = await sayInTask(tx, met.task, {
        messageType: said.message_type,
        content: said.content,
        structuredData: said.structured_data ?? null,
      });
      return { status: 201, body: messageView(message) };
    }),
  );

  router.get('/tasks/:id/messages', (req, res) =>
    call({ req, res, name: 'task.messages' }, async (tx) => {
      const { limit } = MessagesQuery.parse(req.query);
      const { id } = await getNetworkTask(tx, req.params.id);
      return { status: 200, body: { data: (await messagesOfTask(tx, id, limit)).map(messageView) } };
    }),
  );

  router.post('/tasks/:id/rating', (req, res) =>
    call({ req, res, name: 'task.rate' }, async (tx) => {
      const { rating } = Rating.parse(req.body);
      const task = await lockOwnTask(tx, req.params.id);
      if (!isSide(tx, task, 'from')) {
        throw new MooringError('invalid_request', 'Only the sender rates a task');
      }
      await rateTask(tx, task.id, rating);
      return seen(tx, task);
    }),
  );
}

/** A locked task of which something may still be said. Throws invalid_state_transition when it is over. */
export async function meetOpen(tx: Tx, req: Request): Promise<Met> {
  const met = await meet(tx, req, { side: 'any', to: null });
  if ('refusal' in met || !isTerminal(met.task.status)) return met;
  throw isOver(met.task.status);
}

const messageView = (message: TaskMessage) => ({
  id: message.id,
  task_id: message.taskId,
  from_agent_id: message.fromAgentId,
  message_type: message.messageType,
  content: message.content,
  structured_data: message.structuredData,
  created_at: message.createdAt,
});
