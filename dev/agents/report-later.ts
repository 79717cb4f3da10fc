import { Webhook } from 'standardwebhooks';
import type { Answer } from './action';
import type { AgentKeys } from './caller';

const AGAIN_MS = 300;
const TRIES = 200;

/** `#agent:later`: says what came of the work by the callback, again and again until somebody has heard it. */
export async function reportLater(
  url: string,
  { key, keys, made }: { key: string; keys: AgentKeys; made: Answer },
): Promise<void> {
  const body = JSON.stringify(made);
  for (let tries = 0; tries < TRIES; tries += 1) {
    await new Promise((resolve) => setTimeout(resolve, AGAIN_MS).unref());
    const at = new Date();
    const status = await fetch(url, {
      method: 'POST',
      headers: {
        'content-type': 'application/json',
        'webhook-id': key,
        'webhook-timestamp': String(Math.floor(at.getTime() / 1000)),
        'webhook-signature': new Webhook(keys.signing_secret).sign(key, at, body),
      },
      body,
    }).then(
      (answer) => answer.status,
      () => 503,
    );
    if (status < 500 && status !== 429) return;
  }
}
