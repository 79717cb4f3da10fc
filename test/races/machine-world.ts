import { setTimeout as pause } from 'node:timers/promises';
import { Client, Connection } from '@temporalio/client';
import { SYSTEM } from '../../domain/principal';
import { createMachine } from '../harness/platform';
import type { NetworkReply, Player } from '../network/stage';
import { patient } from './races';
import type { World } from './races';

const MOST = '1000000000';
/** What a person has for a decision; the least that a task may live is a minute. */
export const QUESTION_MS = 4_000;

/** A platform of its own, with Temporal: the timers are those of the workflows. */
export async function openMachineWorld(): Promise<World & { close: () => Promise<void> }> {
  const machine = await createMachine({
    MOORING_R2_DEADLINE_MS: String(QUESTION_MS),
    MOORING_RATE_LIMIT_REGISTRATIONS: MOST,
    MOORING_RATE_LIMIT_APPROVALS: MOST,
    MOORING_RATE_LIMIT_NETWORK_READS: MOST,
    MOORING_RATE_LIMIT_NETWORK_WRITES: MOST,
    MOORING_RATE_LIMIT_SIGN_INS: MOST,
  });
  await machine.startPlatform();
  while ((await fetch(`${machine.api()}/readyz`).catch(() => null))?.ok !== true) await pause(50);
  const connection = await Connection.connect({ address: machine.temporalAddress });
  const temporal = new Client({ connection });
  const rows: World['rows'] = (sql, values) =>
    machine.database.db.withTx(SYSTEM, 'test.rows', (tx) => tx.query(sql, values));
  const callAs =
    (key: string): Player['call'] =>
    async (path, { method, body, headers = {} } = {}) => {
      const answer = await fetch(machine.api() + path, {
        method: method ?? (body === undefined ? 'GET' : 'POST'),
        headers: {
          'content-type': 'application/json',
          ...(key === '' ? {} : { authorization: `Bearer ${key}` }),
          ...headers,
        },
        ...(body === undefined ? {} : { body: JSON.stringify(body) }),
      });
      return {
        status: answer.status,
        headers: answer.headers,
        body: (await answer.json()) as NetworkReply['body'],
      };
    };
  const stranger = callAs('');
  let joined = 0;
  /** of those who ask, who alone are shown the link */
  const links = new Map<string, string>();
  return {
    rows,
    async join(wish = {}, token = '') {
      joined += 1;
      const who = { slug: `racer-${joined}`, display_name: `Racer ${joined}`, ...wish };
      const { status, body } = await patient(() => callAs(token)('/v1/agents/register', { body: who }));
      if (status !== 201) throw new Error(JSON.stringify(body));
      const key = String(body['api_key']);
      const call = callAs(key);
      return {
        id: String(body['id']),
        key,
        call: async (path, options) => {
          const reply = await call(path, options);
          const { id, _dev_approval_url: url } = reply.body;
          if (typeof url === 'string') links.set(String(id), new URL(url).pathname.split('/').at(-1) ?? '');
          return reply;
        },
      };
    },
    signIn: async (email) =>
      String((await patient(() => stranger('/dev/sign-in', { body: { email } }))).body['access_token']),
    confirm: (taskId, approved) =>
      stranger(`/v1/tasks/${taskId}/confirm-human`, {
        body: { confirmed: approved, token: links.get(taskId) },
      }),
    hasten: () => Promise.resolve(),
    outcome: (taskId) => temporal.workflow.getHandle(`task/${taskId}`).result() as Promise<string>,
    close: async () => {
      await connection.close();
      await machine.close();
    },
  };
}
