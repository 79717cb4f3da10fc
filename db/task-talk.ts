import { createHash } from 'node:crypto';
import { MooringError } from '../domain/errors';
import { newId } from '../lib/ids';
import type { Tx } from './database';
import type { ArtifactView } from './network-tasks';
import type { Task } from './tasks';

export interface TaskMessage {
  id: string;
  taskId: string;
  fromAgentId: string;
  messageType: string;
  content: string;
  structuredData: unknown;
  createdAt: string;
}

const MESSAGE = `id, task_id as "taskId", from_agent_id as "fromAgentId", message_type as "messageType", content,
  structured_data as "structuredData", created_at as "createdAt"`;
export const MOST_MESSAGES = 50;
const MOST_ARTIFACTS = 20;

/** Says something of a locked task that is open, as the agent of this transaction. Throws forbidden at the fifty-first. */
export async function sayInTask(
  tx: Tx,
  task: Task,
  said: { messageType: string; content: string; structuredData: unknown },
): Promise<TaskMessage> {
  const count = await countOf(tx, 'task_messages', task.id);
  if (count >= MOST_MESSAGES) {
    throw new MooringError('forbidden', `A task has at most ${MOST_MESSAGES} messages.`, {
      details: { limit: MOST_MESSAGES },
    });
  }
  // The clock under the lock, not that of the transaction's begin: of two at once the later number has the later time.
  const [message] = await tx.query<TaskMessage>(
    `insert into task_messages (id, task_id, number, from_agent_id, message_type, content, structured_data, created_at)
     values ($1, $2, $3, $4, $5, $6, $7, clock_timestamp()) returning ${MESSAGE}`,
    [
      newId('msg'),
      task.id,
      count + 1,
      tx.principalId,
      said.messageType,
      said.content,
      said.structuredData === null ? null : JSON.stringify(said.structuredData),
    ],
  );
  if (message === undefined) throw new Error('no message was stored');
  return message;
}

/** In the order in which they were said. */
export const messagesOfTask = (tx: Tx, taskId: string, limit: number): Promise<TaskMessage[]> =>
  tx.query<TaskMessage>(`select ${MESSAGE} from task_messages where task_id = $1 order by number limit $2`, [
    taskId,
    limit,
  ]);

const ARTIFACT = 'id, name, content_type, size::float8 as size, sha256, url';

/** Adds to a locked task what came of it: its bytes, or where they lie. Throws conflict when the name is taken. */
export async function addArtifact(
  tx: Tx,
  task: Task,
  wish: { name: string; contentType: string } & (
    { content: Buffer } | { url: string; size: number | null; sha256: string | null }
  ),
): Promise<ArtifactView> {
  if ((await countOf(tx, 'task_artifacts', task.id)) >= MOST_ARTIFACTS) {
    throw new MooringError('forbidden', `A task has at most ${MOST_ARTIFACTS} artifacts.`, {
      details: { limit: MOST_ARTIFACTS },
    });
  }
  const kept =
    'content' in wish
      ? {
          size: wish.content.length,
          sha256: createHash('sha256').update(wish.content).digest('hex'),
          url: null,
          content: wish.content,
        }
      : { size: wish.size, sha256: wish.sha256, url: wish.url, content: null };
  const [artifact] = await tx.query<ArtifactView>(
    `insert into task_artifacts (id, task_id, name, content_type, size, sha256, url, content)
     values ($1, $2, $3, $4, $5, $6, $7, $8) on conflict (task_id, name) do nothing returning ${ARTIFACT}`,
    [newId('art'), task.id, wish.name, wish.contentType, kept.size, kept.sha256, kept.url, kept.content],
  );
  if (artifact === undefined) {
    throw new MooringError('conflict', 'This task has an artifact of this name.', {
      details: { field: 'name', rule: 'must be free' },
    });
  }
  return artifact;
}

/** An artifact with its bytes; null content: they lie elsewhere. Throws not_found. */
export async function readArtifact(
  tx: Tx,
  { taskId, id }: { taskId: string; id: string },
): Promise<ArtifactView & { content: Buffer | null }> {
  const [artifact] = await tx.query<ArtifactView & { content: Buffer | null }>(
    `select ${ARTIFACT}, content from task_artifacts where task_id = $1 and id = $2`,
    [taskId, id],
  );
  if (artifact === undefined) throw new MooringError('not_found', 'There is no such artifact.');
  return artifact;
}

async function countOf(tx: Tx, table: 'task_messages' | 'task_artifacts', taskId: string): Promise<number> {
  const [row] = await tx.query<{ count: number }>(
    `select count(*)::int as count from ${table} where task_id = $1`,
    [taskId],
  );
  return row?.count ?? 0;
}

/** The sender's rating of a task that is over; said once. Throws conflict at the second. */
export async function rateTask(tx: Tx, taskId: string, rating: number): Promise<void> {
  const rated = await tx.query(
    'update interactions set rating = $2 where task_id = $1 and rating is null returning 1',
    [taskId, rating],
  );
  if (rated.length === 0) {
    throw new MooringError('conflict', 'This task was rated before, or is not over yet.', {
      details: { field: 'rating', rule: 'is said once, after the end' },
    });
  }
}
