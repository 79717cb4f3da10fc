import { randomBytes } from 'node:crypto';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { setTimeout as pause } from 'node:timers/promises';
import { Client, Connection } from '@temporalio/client';
import { Agent, request } from 'undici';
import type { RunFile } from '../dev/run-file';

const NO_LIMIT = '1000000000';
/** A bench is many agents at one address, who write without end. */
export const NETWORK_PROFILE = {
  MOORING_RATE_LIMIT_NETWORK_READS: NO_LIMIT,
  MOORING_RATE_LIMIT_NETWORK_WRITES: NO_LIMIT,
  MOORING_RATE_LIMIT_REGISTRATIONS: NO_LIMIT,
  MOORING_RATE_LIMIT_APPROVALS: NO_LIMIT,
};

/** As many that ask, and as many that are asked. */
const PAIRS = 10;

export interface Caller {
  id: string;
  post: <T = unknown>(path: string, body?: unknown) => Promise<T>;
  get: <T = unknown>(path: string) => Promise<T>;
}

export interface Pair {
  sender: Caller;
  receiver: Caller;
}

export interface Network {
  /** one after the other; a person stands behind each sender */
  nextPair: () => Pair;
  /** who calls without a key, as a person's program does */
  nobody: Caller;
  /** of the agent that is told of tasks */
  url: string;
  /** Resolves when the task of this id has been told. */
  delivered: (taskId: string) => Promise<void>;
  /** Resolves when no task's workflow runs. */
  ended: () => Promise<void>;
  temporal: Client;
  close: () => Promise<void>;
}

/** Agents of the network, one endpoint for all that are asked, and a look at what runs. */
export async function openNetwork(run: RunFile): Promise<Network> {
  const endpoint = await listen();
  const agent = new Agent({ connections: 300 });
  const callerWith = (id: string, token: string | null): Caller =>
    callerOf({ api: run.api, agent, id, token });
  const nobody = callerWith('', null);
  const { access_token: token } = await nobody.post<{ access_token: string }>('/dev/sign-in', {
    email: 'bench@mooring.local',
  });
  const person = callerWith('', token);
  const join = async (by: Caller, wish: Record<string, unknown>): Promise<Caller> => {
    const slug = `bench-${randomBytes(4).toString('hex')}`;
    const registration = { slug, display_name: slug, ...wish };
    const { id, api_key: key } = await by.post<{ id: string; api_key: string }>(
      '/v1/agents/register',
      registration,
    );
    return callerWith(id, key);
  };
  const pairs: Pair[] = [];
  while (pairs.length < PAIRS) {
    pairs.push({ sender: await join(person, {}), receiver: await join(nobody, { endpoint: endpoint.url }) });
  }
  const connection = await Connection.connect({ address: run.temporal });
  const temporal = new Client({ connection });
  let turn = 0;
  return {
    nobody,
    url: endpoint.url,
    delivered: endpoint.delivered,
    temporal,
    nextPair: () => {
      turn += 1;
      const pair = pairs[turn % PAIRS];
      if (pair === undefined) throw new Error('there are no agents');
      return pair;
    },
    async ended() {
      const open = `WorkflowType = 'task' and ExecutionStatus = 'Running'`;
      while ((await temporal.workflow.count(open)).count > 0) await pause(20);
    },
    async close() {
      endpoint.close();
      await Promise.all([agent.close(), connection.close()]);
    },
  };
}

function callerOf({
  api,
  agent,
  id,
  token,
}: {
  api: string;
  agent: Agent;
  id: string;
  token: string | null;
}): Caller {
  const call = async <T>(method: 'GET' | 'POST', path: string, body: unknown): Promise<T> => {
    const answer = await request(`${api}${path}`, {
      dispatcher: agent,
      method,
      headers: {
        'content-type': 'application/json',
        ...(token === null ? {} : { authorization: `Bearer ${token}` }),
      },
      body: body === undefined ? null : JSON.stringify(body),
    });
    const text = await answer.body.text();
    if (answer.statusCode >= 300) throw new Error(`${path}: ${answer.statusCode} ${text}`);
    return JSON.parse(text) as T;
  };
  return {
    id,
    post: (path, body = {}) => call('POST', path, body),
    get: (path) => call('GET', path, undefined),
  };
}

interface Endpoint {
  url: string;
  delivered: (taskId: string) => Promise<void>;
  close: () => void;
}

async function listen(): Promise<Endpoint> {
  const heard = new Set<string>();
  const waiting = new Map<string, () => void>();
  const server = createServer((req, res) => {
    req.resume();
    req.once('end', () => {
      res.end('{}');
      const id = String(req.headers['webhook-id']);
      heard.add(id);
      waiting.get(id)?.();
      waiting.delete(id);
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/`,
    delivered: (taskId) =>
      heard.has(taskId) ? Promise.resolve() : new Promise((resolve) => waiting.set(taskId, resolve)),
    close: () => {
      server.closeAllConnections();
      server.close();
    },
  };
}
