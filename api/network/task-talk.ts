import type { Router } from 'express';
import type { Tx } from '../../db/database';
import { getNetworkTask, isSide } from '../../db/network-tasks';
import { messagesOfTask, rateTask, sayInTask } from '../../db/task-talk';
import type { TaskMessage } from '../../db/task-talk';
import { lockOwnTask } from '../../db/tasks';
import type { Task } from '../../db/tasks';
import { MooringError } from '../../domain/errors';
import { isTerminal } from '../../domain/task';
import type { NetworkCall } from './door';
import { MessagesQuery, NewMessage, Rating } from './schemas';
import { seen } from './tasks';

/** What the two sides of a task say to each other, and what the sender thinks of it afterwards. */
export function talkRoutes({ router, call }: { router: Router; call: NetworkCall }): void {
  router.post('/tasks/:id/messages', async (req, res) => {
    const said = NewMessage.parse(req.body);
    await call({ req, res, name: 'task.say' }, async (tx) => {
      const task = await lockOpen(tx, req.params.id);
      const message = await sayInTask(tx, task, {
        messageType: said.message_type,
        content: said.content,
        structuredData: said.structured_data ?? null,
      });
      return { status: 201, body: messageView(message) };
    });
  });

  router.get('/tasks/:id/messages', async (req, res) => {
    const { limit } = MessagesQuery.parse(req.query);
    await call({ req, res, name: 'task.messages' }, async (tx) => {
      const { id } = await getNetworkTask(tx, req.params.id);
      return { status: 200, body: { data: (await messagesOfTask(tx, id, limit)).map(messageView) } };
    });
  });

  router.post('/tasks/:id/rating', async (req, res) => {
    const { rating } = Rating.parse(req.body);
    await call({ req, res, name: 'task.rate' }, async (tx) => {
      const task = await lockOwnTask(tx, req.params.id);
      if (!isSide(tx, task, 'from')) {
        throw new MooringError('invalid_request', 'Only the sender rates a task');
      }
      await rateTask(tx, task.id, rating);
      return seen(tx, task);
    });
  });
}

/** A locked task of which something may still be said. Throws invalid_state_transition when it is over. */
export async function lockOpen(tx: Tx, id: string): Promise<Task> {
  const task = await lockOwnTask(tx, id);
  if (!isTerminal(task.status) && !task.expired) return task;
  const status = isTerminal(task.status) ? task.status : 'expired';
  throw new MooringError('invalid_state_transition', `This task is ${status}.`, { details: { status } });
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
