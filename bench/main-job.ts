import { randomUUID } from 'node:crypto';
import { z } from 'zod';

const QUESTION =
  'How readable is this text: The committee has reached the conclusion that the utilisation of long words is to be avoided.';

const Events = z.object({
  events: z.array(z.object({ seq: z.number(), type: z.string(), data: z.record(z.string(), z.unknown()) })),
});

/** The main job over REST: sign in, ask, approve the payment, read the answer. Throws unless it was answered. */
export async function mainJob(api: string): Promise<void> {
  const { access_token: token } = z
    .object({ access_token: z.string() })
    .parse(await call(api, '/dev/sign-in', { body: { email: 'test@mooring.local' } }));
  const { session_id: id } = z
    .object({ session_id: z.string() })
    .parse(await call(api, '/api/sessions', { token, body: {} }));
  const message = { id: randomUUID(), content: QUESTION };
  await call(api, `/api/sessions/${id}/messages`, { token, body: message });

  for (let seen = 0; ;) {
    const page = await call(api, `/api/sessions/${id}/events?after_seq=${seen}&wait=25`, { token });
    for (const { seq, type, data } of Events.parse(page).events) {
      seen = seq;
      if (type === 'PAYMENT_REQUEST') {
        const answer = { type: 'PAYMENT_RESPONSE', payment_id: data['payment_id'], approved: true };
        await call(api, `/api/sessions/${id}/responses`, { token, body: answer });
      }
      if (type !== 'TURN_END') continue;
      if (data['outcome'] !== 'answered') throw new Error(`the turn ended: ${JSON.stringify(data)}`);
      return;
    }
  }
}

async function call(
  api: string,
  path: string,
  { token, body }: { token?: string; body?: unknown },
): Promise<unknown> {
  const response = await fetch(`${api}${path}`, {
    method: body === undefined ? 'GET' : 'POST',
    headers: {
      'content-type': 'application/json',
      ...(token !== undefined && { authorization: `Bearer ${token}` }),
    },
    ...(body !== undefined && { body: JSON.stringify(body) }),
    signal: AbortSignal.timeout(40_000),
  });
  if (!response.ok) throw new Error(`${path} answered ${response.status}: ${await response.text()}`);
  return response.json();
}
