import { generateKeyPairSync, randomUUID, sign } from 'node:crypto';
import type { Transaction } from './transactions';

/** How its notifications are sent: each is kept back until `flush` where `hold` is set. */
export interface WebhookWays {
  url: string | null;
  double: boolean;
  hold: boolean;
}

interface Notification {
  body: string;
  signature: string;
}

export interface Webhooks {
  keyId: string;
  /** DER, base64 */
  publicKey: string;
  ways: WebhookWays;
  tell: (transaction: Transaction) => void;
  /** Sends what was kept back, in this order of places; every place once when none is given. */
  flush: (order?: number[]) => Promise<number[]>;
}

const TIMEOUT_MS = 5_000;

/** Signed notifications of changed transactions, as Circle sends them: at least once, in no order. */
export function createWebhooks(url: string | null): Webhooks {
  const keys = generateKeyPairSync('ec', { namedCurve: 'prime256v1' });
  const keyId = randomUUID();
  const subscriptionId = randomUUID();
  const ways: WebhookWays = { url, double: false, hold: false };
  let held: Notification[] = [];

  const write = (transaction: Transaction): Notification => {
    const { state } = transaction;
    const body = JSON.stringify({
      subscriptionId,
      notificationId: randomUUID(),
      notificationType: 'transactions.outbound',
      notification: { ...transaction, state: state === 'CANCELLED' ? 'CANCELED' : state },
      timestamp: new Date().toISOString(),
      version: 2,
    });
    return { body, signature: sign('sha256', Buffer.from(body), keys.privateKey).toString('base64') };
  };
  const send = async ({ body, signature }: Notification): Promise<number> => {
    if (ways.url === null) return 0;
    const headers = {
      'content-type': 'application/json',
      'x-circle-signature': signature,
      'x-circle-key-id': keyId,
    };
    const answer = await fetch(ways.url, {
      method: 'POST',
      headers,
      body,
      signal: AbortSignal.timeout(TIMEOUT_MS),
    }).catch(() => null);
    await answer?.arrayBuffer();
    return answer?.status ?? 0;
  };
  return {
    keyId,
    publicKey: keys.publicKey.export({ type: 'spki', format: 'der' }).toString('base64'),
    ways,
    tell(transaction) {
      const notification = write(transaction);
      if (ways.hold) return void held.push(notification);
      void send(notification);
      if (ways.double) void send(notification);
    },
    async flush(order = held.map((_, place) => place)) {
      const statuses: number[] = [];
      for (const place of order) {
        const notification = held[place];
        if (notification !== undefined) statuses.push(await send(notification));
      }
      held = [];
      return statuses;
    },
  };
}
