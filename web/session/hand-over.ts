import type { Admission } from '../../sdk/api-types';

/** From the page that opens a chat to the page of that chat: its first message, and the way in. */
const waiting = new Map<string, { admission: Admission; content: string }>();

export const handOver = (sessionId: string, first: { admission: Admission; content: string }): void => {
  waiting.set(sessionId, first);
};

export function takeOver(sessionId: string): { admission: Admission; content: string } | null {
  const first = waiting.get(sessionId) ?? null;
  waiting.delete(sessionId);
  return first;
}
