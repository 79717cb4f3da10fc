import { Redis } from 'ioredis';
import { createMemoryBus } from './bus';
import type { Bus, SessionNews } from './bus';
import type { Logger } from './log';

const CHANNEL = (sessionId: string): string => `mooring:session:${sessionId}`;

/** The bus of several platform processes, over Redis pub/sub. A lost Redis loses wake-ups, never frames. */
export function createRedisBus(url: string, log: Logger): Bus {
  const options = {
    commandTimeout: 1_000,
    connectTimeout: 2_000,
    maxRetriesPerRequest: 1,
    enableOfflineQueue: false,
  };
  const publisher = new Redis(url, options);
  const subscriber = new Redis(url, { ...options, enableOfflineQueue: true });
  for (const client of [publisher, subscriber]) {
    client.on('error', (error: Error) => log.warn({ err: error }, 'redis'));
  }
  const local = createMemoryBus();
  const listeners = new Map<string, number>();
  subscriber.on('message', (channel: string, text: string) => {
    // Only our own processes write here, so the text is what publish() made.
    local.publish(channel, JSON.parse(text) as SessionNews);
  });

  return {
    publish(sessionId, news) {
      publisher.publish(CHANNEL(sessionId), JSON.stringify(news)).catch((error: unknown) => {
        log.warn({ err: error, session: sessionId }, 'a wake-up was lost; sockets will read the log');
      });
    },
    subscribe(sessionId, listener) {
      const channel = CHANNEL(sessionId);
      const count = listeners.get(channel) ?? 0;
      listeners.set(channel, count + 1);
      if (count === 0) subscriber.subscribe(channel).catch(() => undefined);
      const stop = local.subscribe(channel, listener);
      return () => {
        stop();
        const left = (listeners.get(channel) ?? 1) - 1;
        listeners.set(channel, left);
        if (left > 0) return;
        listeners.delete(channel);
        subscriber.unsubscribe(channel).catch(() => undefined);
      };
    },
    async close() {
      publisher.disconnect();
      subscriber.disconnect();
      await local.close();
    },
  };
}
