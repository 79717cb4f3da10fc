import type { Seat, TaskQuestion, Timeline } from '../db/task-timeline';
import { taskView } from './network/views';

/** A task with all that happened to it, for a person on one of its sides. */
export const timelineView = (
  { task, events, attempts, messages, ...more }: Timeline,
  { userId, side, question }: { userId: string; side: Seat['side']; question: TaskQuestion | null },
) => ({
  ...taskView(task),
  side,
  action: task.action,
  from: { id: task.fromAgentId, ...(more.from ?? { name: null, slug: null }) },
  to: { id: task.toAgentId, ...(more.to ?? { name: null, slug: null }) },
  parked_at: more.parkedAt,
  // The chat and the note are the person's own.
  session_id: side === 'from' ? more.sessionId : null,
  events,
  // What an agent's own endpoint answers is its side's; what a chat's agent answered is the chat's.
  attempts:
    side === 'to' || task.action !== null ? attempts : attempts.map((made) => ({ ...made, head: null })),
  messages: messages.map(({ id, fromAgentId, messageType, content, structuredData, createdAt }) => ({
    id,
    side: fromAgentId === task.fromAgentId ? 'from' : 'to',
    type: messageType,
    content,
    data: structuredData,
    at: createdAt,
  })),
  confirmation: question === null ? null : questionView(question, userId),
});

const questionView = (question: TaskQuestion, userId: string) => ({
  state: question.state,
  asked_at: question.askedAt,
  mailed_at: question.mailedAt,
  reminded_at: question.remindedAt,
  expires_at: question.expiresAt,
  decided_at: question.decidedAt,
  note: question.userId === userId ? question.note : null,
  url: question.userId === userId ? `/approvals/${question.id}` : null,
});
