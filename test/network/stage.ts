import { createServer } from 'node:http';
import type { IncomingHttpHeaders, RequestListener } from 'node:http';
import type { AddressInfo } from 'node:net';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createMailActivities } from '../../activities/mail-code';
import { createSendMail } from '../../activities/mail';
import type { SendMail } from '../../activities/mail';
import type { Mail } from '../../dev/mailbox/mail-store';
import { openMailbox } from '../../dev/mailbox/mailbox';
import { createApprovalLinks } from '../../lib/approval-links';
import type { ApprovalLinks } from '../../lib/approval-links';
import { createTaskActivities } from '../../activities/tasks/activities';
import type { TaskDeps } from '../../activities/tasks/activities';
import { createDrainParked } from '../../activities/tasks/drain';
import type { QueryResultRow } from 'pg';
import { SYSTEM } from '../../domain/principal';
import type { DrainProgress, TaskActivities } from '../../domain/workflows';
import { createGuardedHttp } from '../../lib/guarded-http';
import type { GuardedHttp } from '../../lib/guarded-http';
import { createSeal } from '../../lib/seal';
import { createTestApi, SECRET } from '../api/harness';
import type { TestApi } from '../api/harness';
import { run } from '../activities/stage';

/** What `/v1` answered. */
export interface NetworkReply {
  status: number;
  headers: Headers;
  body: Record<string, unknown> & {
    error?: { code: string; message: string; details?: Record<string, unknown> };
  };
}

/** An agent of the network as a test plays it. */
export interface Player {
  id: string;
  key: string;
  call: (
    path: string,
    options?: { method?: string; body?: unknown; headers?: Record<string, string> },
  ) => Promise<NetworkReply>;
}

export interface NetworkStage {
  api: TestApi;
  tasks: TaskActivities;
  deps: TaskDeps;
  /** Registers an agent; `wish` adds to what it says of itself, `token` is of the person who does it. */
  join: (wish?: Record<string, unknown>, token?: string) => Promise<Player>;
  /** One step of the task's workflow. */
  deliver: (taskId: string) => ReturnType<TaskActivities['deliverTask']>;
  /** One run of the activity of an agent's monitor; `drain`: when its next probe is due. */
  drainWhenDue: (agentId: string) => Promise<DrainProgress>;
  drain: (agentId: string) => Promise<DrainProgress>;
  query: <R extends QueryResultRow>(text: string, values?: unknown[]) => Promise<R[]>;
  /** An endpoint that answers as told, and what it was sent. */
  listen: (answer?: RequestListener) => Promise<{ url: string; heard: Heard[] }>;
  /** What was mailed to an address, the oldest first. */
  mailsTo: (address: string) => Promise<Mail[]>;
  links: ApprovalLinks;
  /** Sends every code that was asked for and is unsent, as their workflows do. */
  sendCodes: () => Promise<void>;
  close: () => Promise<void>;
}

export interface Heard {
  headers: IncomingHttpHeaders;
  body: string;
}

const DELAYS = [0, 1_000, 5_000, 25_000];

interface StageOptions {
  delaysMs?: number[];
  webhookTimeoutMs?: number;
  /** instead of the mailbox */
  sendMail?: SendMail;
  drainConcurrency?: number;
  webRoot?: string | null;
  env?: Record<string, string>;
  http?: GuardedHttp;
}

/** The API of the network and the activities of its tasks over one database; no Temporal: a test takes the steps. */
export async function setNetworkStage({
  delaysMs = DELAYS,
  webhookTimeoutMs = 2_000,
  drainConcurrency = 1,
  sendMail: mailer,
  webRoot = null,
  env = {},
  http = createGuardedHttp({ allowLoopback: true }),
}: StageOptions = {}): Promise<NetworkStage> {
  const most = '1000000';
  const api = await createTestApi({
    deps: { webRoot },
    env: {
      MOORING_TEMPORAL_UI: 'http://127.0.0.1:8233',
      MOORING_ADMIN_EMAILS: 'operator@example.org',
      MOORING_WALLET_RESEND_MS: '1',
      MOORING_RATE_LIMIT_REGISTRATIONS: most,
      MOORING_RATE_LIMIT_APPROVALS: most,
      MOORING_RATE_LIMIT_BAD_KEYS: most,
      MOORING_RATE_LIMIT_NETWORK_READS: most,
      MOORING_RATE_LIMIT_NETWORK_WRITES: most,
      ...env,
    },
  });
  const folder = mkdtempSync(join(tmpdir(), 'mooring-mails-'));
  const mailbox = await openMailbox({ folder, ports: { smtp: 0, http: 0 } });
  const links = createApprovalLinks(SECRET, api.url);
  const sendMail =
    mailer ??
    createSendMail({
      smtpUrl: `smtp://127.0.0.1:${mailbox.smtpPort}`,
      from: 'Mooring <mooring@test.example>',
    });
  const mails = createMailActivities({ db: api.t.db, links, sendMail });
  const deps: TaskDeps = {
    db: api.t.db,
    http,
    seal: createSeal(SECRET),
    delaysMs,
    invokeTimeoutMs: 2_000,
    webhookTimeoutMs,
    callbackUrlOf: (taskId) => `http://127.0.0.1/api/callbacks/${taskId}`,
    callbackMs: 3_600_000,
    breaker: { most: 5, waitMs: 30_000, maxWaitMs: 300_000 },
    links,
    sendMail,
  };
  const tasks = createTaskActivities(deps);
  const { drainParked } = createDrainParked({ ...deps, concurrency: drainConcurrency });
  const query: NetworkStage['query'] = (text, values) =>
    api.t.db.withTx(SYSTEM, 'test', (tx) => tx.query(text, values));
  const servers: ReturnType<typeof createServer>[] = [];
  let joined = 0;

  const callAs =
    (key: string | null): Player['call'] =>
    async (path, { method, body, headers = {} } = {}) => {
      const answer = await api.call(path, {
        ...(method === undefined ? {} : { method }),
        ...(body === undefined ? {} : { body }),
        headers: { ...(key === null ? {} : { authorization: `Bearer ${key}` }), ...headers },
      });
      return {
        status: answer.status,
        headers: answer.headers,
        body: answer.body as unknown as NetworkReply['body'],
      };
    };

  return {
    api,
    tasks,
    deps,
    async join(wish = {}, token) {
      joined += 1;
      const slug = `agent-${joined}`;
      const { status, body } = await callAs(token ?? null)('/v1/agents/register', {
        body: { slug, display_name: `Agent ${joined}`, ...wish },
      });
      if (status !== 201) throw new Error(JSON.stringify(body));
      const key = String(body['api_key']);
      return { id: String(body['id']), key, call: callAs(key) };
    },
    links,
    async sendCodes() {
      for (const { workflow, input } of api.t.signals)
        if (workflow === 'mail') await run(mails.sendCode, { mailId: input['mailId'] ?? '' });
    },
    async mailsTo(address) {
      const answer = await fetch(
        `http://127.0.0.1:${mailbox.httpPort}/mails?to=${encodeURIComponent(address)}`,
      );
      return ((await answer.json()) as { messages: Mail[] }).messages.reverse();
    },
    query,
    drainWhenDue: (agentId) => run(drainParked, { agentId }),
    async drain(agentId) {
      await query(`update breakers set next_probe_at = now() where agent_id = $1 and state = 'open'`, [
        agentId,
      ]);
      return run(drainParked, { agentId });
    },
    deliver: (taskId) => run(tasks.deliverTask, { taskId }),
    async listen(answer = (_req, res) => void res.end('{}')) {
      const heard: Heard[] = [];
      const server = createServer((req, res) => {
        let body = '';
        req.on('data', (chunk: Buffer) => (body += chunk.toString()));
        req.on('end', () => {
          heard.push({ headers: req.headers, body });
          answer(req, res);
        });
      });
      servers.push(server);
      await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
      return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/hook`, heard };
    },
    async close() {
      for (const server of servers) {
        server.closeAllConnections();
        server.close();
      }
      await http.close();
      await mailbox.close();
      rmSync(folder, { recursive: true, force: true });
      await api.stop();
    },
  };
}
