import { randomBytes } from 'node:crypto';
import { Webhook } from 'standardwebhooks';

export const newKeys = () => ({
  orchestrator_key: `ok_${randomBytes(12).toString('hex')}`,
  signing_secret: `whsec_${randomBytes(24).toString('base64')}`,
});
export type Keys = ReturnType<typeof newKeys>;

export interface Call {
  key: string;
  command: string;
  args: Record<string, unknown>;
}

export const invokeBody = ({ command, args }: Call): string =>
  JSON.stringify({
    session_id: 'ses_1',
    command,
    arguments: args,
    context: { user_message: 'please', conversation_history: [] },
    task_id: 'tsk_1',
    deadline_at: new Date(Date.now() + 30_000).toISOString(),
  });

/** The headers of one attempt: key and id stay, time and signature are of now. */
export function signedHeaders(keys: Keys, key: string, body: string): Record<string, string> {
  const now = new Date();
  return {
    'content-type': 'application/json',
    'x-orchestrator-key': keys.orchestrator_key,
    'idempotency-key': key,
    'webhook-id': key,
    'webhook-timestamp': String(Math.floor(now.getTime() / 1000)),
    'webhook-signature': new Webhook(keys.signing_secret).sign(key, now, body),
  };
}

/** Invokes an agent as the platform does. */
export async function invoke(port: number, keys: Keys, call: Call) {
  const body = invokeBody(call);
  const res = await post(port, body, signedHeaders(keys, call.key, body));
  return { status: res.status, body: await res.json() };
}

export const post = (port: number, body: string | Uint8Array, headers: Record<string, string>) =>
  fetch(`http://127.0.0.1:${port}/invoke`, { method: 'POST', body, headers });

export async function get(port: number, path: string) {
  const res = await fetch(`http://127.0.0.1:${port}${path}`, { signal: AbortSignal.timeout(3_000) });
  return { status: res.status, body: (await res.json()) as Record<string, unknown> };
}
