import type { SessionListItem } from '../../sdk/api-types';
import { hourMinute } from './clock';

export interface SessionGroup {
  name: string;
  sessions: (SessionListItem & { mark: 'wait' | 'now' | 'rest'; when: string })[];
}

const DAY_MS = 86_400_000;

/** Waiting for you, at work, today, earlier: what needs a person first. */
export function groupSessions(sessions: SessionListItem[], search: string, now: number): SessionGroup[] {
  const wanted = search.trim().toLowerCase();
  const found = sessions
    .filter(({ title }) => (title ?? 'New chat').toLowerCase().includes(wanted))
    .map((session) => ({ ...session, mark: markOf(session), when: whenOf(session, now) }));
  const today = new Date(now).toDateString();
  const isToday = (session: SessionListItem): boolean => new Date(lastTime(session)).toDateString() === today;
  const resting = found.filter(({ mark }) => mark === 'rest');
  return [
    { name: 'Waiting for you', sessions: found.filter(({ mark }) => mark === 'wait') },
    { name: 'At work', sessions: found.filter(({ mark }) => mark === 'now') },
    { name: 'Today', sessions: resting.filter(isToday) },
    { name: 'Earlier', sessions: resting.filter((session) => !isToday(session)) },
  ].filter((group) => group.sessions.length > 0);
}

function markOf({ waiting, phase }: SessionListItem): 'wait' | 'now' | 'rest' {
  if (waiting) return 'wait';
  return phase === 'WORKING' ? 'now' : 'rest';
}

const lastTime = (session: SessionListItem): string => session.last_message_at ?? session.created_at;

/** 11:20 today, Thu within a week, 3 Nov before. */
function whenOf(session: SessionListItem, now: number): string {
  const at = lastTime(session);
  const date = new Date(at);
  if (date.toDateString() === new Date(now).toDateString()) return hourMinute(at);
  const near = now - date.getTime() < 6 * DAY_MS;
  return date.toLocaleDateString('en-GB', near ? { weekday: 'short' } : { day: 'numeric', month: 'short' });
}
