import { isTerminal } from '../../sdk/task-types';
import type { TaskAttempt, TaskEvent, TaskPage, TaskSaid, TaskSide, TaskStatus } from '../../sdk/task-types';

/** A row of a task's line. */
export interface Knot {
  key: string;
  kind: '' | 'wait' | 'now' | 'todo' | 'bad';
  words: string;
  at: string;
  /** what lies behind it: what an attempt was answered with, what was sent with a message */
  fold: { title: string; text: string } | null;
  /** of a decision; or what was said */
  note: string | null;
}

export const nameOf = ({ name, id }: TaskSide): string => name ?? id;

const BAD: TaskStatus[] = ['declined', 'failed', 'expired'];

/** All that happened, in order: the events, the attempts, what was said, the mails to a person. */
export function lineOf(task: TaskPage): Knot[] {
  const { events, attempts, confirmation } = task;
  const knots: Knot[] = [];
  const add = (key: string, at: string | null, rest: Partial<Knot> & { words: string }): void => {
    if (at !== null) knots.push({ key, at, kind: '', fold: null, note: null, ...rest });
  };
  for (const event of events) {
    const decided = event.from === 'waiting_human_confirm' && event.actor === 'person';
    add(`event ${event.number}`, event.at, {
      words: eventWords(event, task),
      kind: BAD.includes(event.to) ? 'bad' : '',
      note: decided ? (confirmation?.note ?? null) : null,
    });
  }
  for (const attempt of attempts) {
    add(`attempt ${attempt.attempt}`, attempt.started_at, {
      words: attemptWords(attempt),
      kind:
        attempt.ended_at === null ? 'now' : ['failed', 'retry'].includes(attempt.outcome ?? '') ? 'bad' : '',
      fold: (attempt.head ?? '') === '' ? null : { title: 'What was answered', text: attempt.head ?? '' },
    });
  }
  for (const { id, side, type, content, data, at } of task.messages) {
    add(id, at, {
      words: `${nameOf(side === 'from' ? task.from : task.to)} ${SAYS[type]}`,
      note: content,
      fold: data === null ? null : { title: 'What was sent with it', text: JSON.stringify(data, null, 2) },
    });
  }
  add('parked', task.parked_at, { words: `${nameOf(task.to)} is down: it is set aside`, kind: 'bad' });
  add('mailed', confirmation?.mailed_at ?? null, { words: 'A mail asks the person' });
  add('reminded', confirmation?.reminded_at ?? null, { words: 'The person is reminded by mail' });
  // Stable: what happened at one moment stays in the order it is written in.
  return knots.sort((a, b) => a.at.localeCompare(b.at));
}

/** What it waits for now, and what follows if that does not come; null: it has ended. */
export function nextOf(task: TaskPage): { kind: 'wait' | 'now'; words: string; until: string } | null {
  const { status, confirmation } = task;
  if (isTerminal(status)) return null;
  const until =
    status === 'waiting_human_confirm' ? (confirmation?.expires_at ?? task.expires_at) : task.expires_at;
  const to = nameOf(task.to);
  if (task.parked_at !== null)
    return { kind: 'wait', words: `${to} is down: this goes when it is back`, until };
  if (status === 'waiting_human_confirm') {
    const words =
      confirmation?.url == null ? 'Waiting for a person to confirm it' : 'Waiting for you to confirm it';
    return { kind: 'wait', words, until };
  }
  if (status === 'in_progress' || status === 'accepted')
    return { kind: 'now', words: `${to} works on it`, until };
  if (status === 'pending_delivery') return { kind: 'now', words: `${to} is being told`, until };
  return { kind: 'wait', words: `Waiting for ${to} to accept it`, until };
}

function eventWords({ from, to, actor }: TaskEvent, task: TaskPage): string {
  const [sender, receiver] = [nameOf(task.from), nameOf(task.to)];
  const byPerson = from === 'waiting_human_confirm' && actor === 'person';
  const words: Record<TaskStatus, string> = {
    draft: 'Written down',
    pending_delivery: task.session_id === null ? `Asked by ${sender}` : 'Asked in your chat',
    delivered: `${receiver} was told`,
    pending_accept: `In the inbox of ${receiver}`,
    accepted:
      actor === 'standing accept'
        ? `${receiver} had accepted when it was connected`
        : `${receiver} accepted it`,
    waiting_human_confirm: 'A person is asked to confirm it',
    in_progress: byPerson ? 'The person approved it' : `${receiver} may begin`,
    completed: `${receiver} has done it`,
    declined: `${receiver} declined it`,
    failed: 'It failed',
    expired: from === 'waiting_human_confirm' ? 'Nobody confirmed it in time' : 'Its time was over',
    cancelled: byPerson ? 'The person declined it' : 'It was cancelled',
  };
  return words[to];
}

const SAYS: Record<TaskSaid['type'], string> = {
  text: 'says',
  info: 'says',
  proposal: 'proposes',
  counter: 'proposes instead',
  accept: 'agrees',
  reject: 'does not agree',
};

const KINDS = {
  attempt: 'Attempt',
  probe: 'Tried whether it is back, attempt',
  drained: 'It is back, attempt',
  callback: 'Its own report, call',
} as const;

const OUTCOMES = {
  accepted: ', reports later',
  completed: '',
  delivered: '',
  failed: '',
  retry: ', tried again',
} as const;

function attemptWords(row: TaskAttempt): string {
  const { attempt, kind, http_status: status, latency_ms: latency, outcome } = row;
  const which = `${KINDS[kind]} ${attempt}`;
  if (row.ended_at === null) return `${which} is under way`;
  if (kind === 'callback') return `${which}: ${outcome === 'completed' ? 'it is done' : 'it failed'}`;
  const answer = status === null ? 'no answer' : `answered ${status}`;
  const took = latency === null ? '' : ` in ${latency} ms`;
  return `${which}: ${answer}${took}${outcome === null ? '' : OUTCOMES[outcome]}`;
}

export const STATUS_WORDS: Record<TaskStatus, string> = {
  draft: 'Draft',
  pending_delivery: 'Being told',
  delivered: 'Told',
  pending_accept: 'In the inbox',
  accepted: 'Accepted',
  waiting_human_confirm: 'Waits for a person',
  in_progress: 'In progress',
  completed: 'Completed',
  declined: 'Declined',
  failed: 'Failed',
  expired: 'Expired',
  cancelled: 'Cancelled',
};

/** What a badge's colour says. */
export function toneOf(status: TaskStatus): '' | 'wait' | 'bad' | 'ok' | 'do' {
  if (status === 'completed') return 'ok';
  if (BAD.includes(status)) return 'bad';
  if (status === 'waiting_human_confirm') return 'wait';
  return isTerminal(status) ? '' : 'do';
}

const MOST = 140;

/** What is to be done, short enough for a title. */
export function titleOf({
  action,
  description,
  task_type,
}: Pick<TaskPage, 'action' | 'description' | 'task_type'>): string {
  const whole = description ?? (action ?? task_type).replaceAll('_', ' ');
  return whole.length > MOST ? `${whole.slice(0, MOST)}…` : whole;
}
