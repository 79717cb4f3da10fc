import { resolve } from 'node:path';
import { z } from 'zod';
import { readRunFile } from '../run-file';
import { readSettings } from '../supervisor/settings';

/** The Mooring of this checkout, as its test user sees it. */
export interface Development {
  api: string;
  email: string;
  userId: string;
  /** `POST /api/agents` as the test user; a refusal is thrown with its words. */
  call: <T>(call: string, answer: z.ZodType<T>, body?: object) => Promise<T>;
}

const About = z.object({ sign_in: z.object({ test_email: z.string() }) });
const Login = z.object({ access_token: z.string(), user_id: z.string() });
const Refusal = z.object({ error: z.object({ code: z.string(), message: z.string() }) });

/** Signs in where `npm start` runs, by the one click that is there in development only. */
export async function signInToDevelopment(): Promise<Development> {
  const dataDir = resolve(readSettings().MOORING_DATA_DIR);
  const running = readRunFile(dataDir);
  if (running === null) throw new Error('Mooring does not run here: npm start, then once more.');
  let token: string | null = null;
  const call: Development['call'] = async (asked, answer, body) => {
    const [method = '', path = ''] = asked.split(' ');
    const response = await fetch(`${running.api}${path}`, {
      method,
      headers: {
        'content-type': 'application/json',
        ...(token === null ? {} : { authorization: `Bearer ${token}` }),
      },
      signal: AbortSignal.timeout(20_000),
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    });
    const said: unknown = await response.json();
    if (response.ok) return answer.parse(said);
    const refusal = Refusal.safeParse(said);
    const words = refusal.success ? `${refusal.data.error.message} (${refusal.data.error.code})` : '';
    throw new Error(`${asked} was refused with ${response.status}: ${words}`);
  };
  const { test_email: email } = (await call('GET /api/about', About)).sign_in;
  const login = await call('POST /dev/sign-in', Login, { email });
  token = login.access_token;
  return { api: running.api, email, userId: login.user_id, call };
}
