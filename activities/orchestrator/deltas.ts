import type { Bus } from '../../lib/bus';
import { failpoint } from '../../lib/failpoints';

/** The first piece goes out at once, the next ones together. */
const EVERY_MS = 40;

/** Publishes what is new of a growing text; what does not continue what was sent waits for the whole message. */
export function deltaPublisher(
  bus: Bus,
  {
    sessionId,
    turnId,
    messageId,
    attempt,
  }: { sessionId: string; turnId: string; messageId: string; attempt: number },
): { onGrowth: (read: () => string) => void; stop: () => void } {
  let sent = '';
  let index = 0;
  let latest: (() => string) | null = null;
  let timer: NodeJS.Timeout | null = null;

  const flush = (): void => {
    timer = null;
    const text = latest?.() ?? '';
    latest = null;
    if (text.length <= sent.length || !text.startsWith(sent)) return;
    const piece = text.slice(sent.length);
    sent = text;
    failpoint('delta', 'before');
    bus.publish(sessionId, {
      kind: 'moment',
      frame: {
        type: 'AGENT_DELTA',
        data: { message_id: messageId, turn_id: turnId, attempt, index: index++, text: piece },
      },
    });
    failpoint('delta', 'published');
  };
  return {
    onGrowth(read) {
      latest = read;
      if (index === 0) flush();
      else timer ??= setTimeout(flush, EVERY_MS);
    },
    stop() {
      if (timer !== null) clearTimeout(timer);
    },
  };
}
