import { createListingActivities } from '../../activities/agents/monitor';
import type { ProbeOutcome } from '../../domain/workflows';
import { createGuardedHttp } from '../../lib/guarded-http';
import { run } from '../activities/stage';
import { openZoo } from '../activities/zoo';
import type { Zoo } from '../activities/zoo';
import { createTestApi } from './harness';
import type { TestApi } from './harness';

/** What the tests read of an answer about an agent. */
export interface AgentBody {
  id: string;
  slug: string;
  status: string;
  status_reason: string | null;
  orchestrator_key: string;
  signing_secret: string;
  base_url?: string;
  version?: string;
  owner_id?: string;
  agent_version: string | null;
  last_health_status: string | null;
  actions: { name: string }[];
  probe?: { good: boolean | null; problem: string | null };
  total_jobs: number;
  agents: AgentBody[];
  total: number;
  page: number;
  per_page: number;
  error: { code: string; message: string; details?: { field?: string; rule?: string } };
}

interface Asked {
  /** absent: nobody's */
  token?: string | undefined;
  body?: unknown;
}

/** An API, agents that live in a zoo, an owner, and one who reviews. There is no worker: a test probes by itself. */
export interface AgentDesk {
  api: TestApi;
  zoo: Zoo;
  owner: { userId: string; token: string };
  admin: { userId: string; token: string };
  /** `POST /api/agents`. */
  ask: (call: string, asked?: Asked) => Promise<{ status: number; body: AgentBody }>;
  fields: (name: string, more?: object) => object;
  register: (name: string, more?: object) => Promise<AgentBody>;
  probe: (agentId: string, attempt?: number) => Promise<ProbeOutcome>;
  review: (
    id: string,
    body: { decision: string; reason?: string; version?: string | undefined },
    token?: string,
  ) => ReturnType<AgentDesk['ask']>;
  /** Registered, probed and approved. */
  active: (name: string) => Promise<AgentBody>;
  /** What the agent's monitor was told: signals with their versions, null for its start. */
  signalsOf: (id: string) => unknown[];
  close: () => Promise<void>;
}

export async function openDesk(): Promise<AgentDesk> {
  const api = await createTestApi({
    env: {
      MOORING_ADMIN_EMAILS: 'Boss@example.test',
      MOORING_CHECK_WAIT_MS: '300',
      MOORING_RATE_LIMIT_LISTINGS: '1000',
      MOORING_RATE_LIMIT_LOOKS: '10000',
    },
  });
  const zoo = await openZoo();
  const http = createGuardedHttp({ allowLoopback: true });
  const monitor = createListingActivities({
    db: api.t.db,
    http,
    healthTimeoutMs: 1_000,
    delaysMs: [10, 20],
    breakerWaitMs: 30_000,
  });
  const desk: AgentDesk = {
    api,
    zoo,
    owner: await api.signIn('owner@example.test'),
    admin: await api.signIn('boss@example.test'),
    async ask(call, { token, body } = {}) {
      const [method = '', path = ''] = call.split(' ');
      const answer = await api.call(path, {
        method,
        ...(token === undefined ? {} : { token }),
        ...(body === undefined ? {} : { body }),
      });
      return { status: answer.status, body: answer.body as unknown as AgentBody };
    },
    fields: (name, more = {}) => ({
      name,
      description: `What ${name} does.`,
      ...('base_url' in more ? {} : { base_url: zoo.keep(name.replaceAll(' ', '-'), {}) }),
      ...more,
    }),
    async register(name, more) {
      const { status, body } = await desk.ask('POST /api/agents', {
        token: desk.owner.token,
        body: desk.fields(name, more),
      });
      if (status >= 300) throw new Error(`${status} ${JSON.stringify(body)}`);
      return body;
    },
    probe: (agentId, attempt = 1) => run(monitor.probeAgent, { agentId, attempt }),
    review: (id, body, token = desk.admin.token) =>
      desk.ask(`POST /api/admin/agents/${id}/review`, { token, body }),
    async active(name) {
      const listing = await desk.register(name);
      await desk.probe(listing.id);
      return (await desk.review(listing.id, { decision: 'approve' })).body;
    },
    signalsOf: (id) =>
      api.t.signals
        .filter(({ workflowId }) => workflowId === `agent-monitor/${id}`)
        .map(({ signal, signalInput }) => [signal, signalInput?.['version']]),
    close: async () => {
      await api.stop();
      await zoo.close();
      await http.close();
    },
  };
  return desk;
}
