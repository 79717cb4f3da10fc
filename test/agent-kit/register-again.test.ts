import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { text } from 'node:stream/consumers';
import { startTunable } from './tunable-agent';
import type { TunableAgent } from './tunable-agent';

const dataDir = mkdtempSync(join(tmpdir(), 'mooring-register-'));
const asked: string[] = [];
beforeEach(() => asked.splice(0));
let agent: TunableAgent;
let mooring: Server;

// A Mooring whose check takes longer than its answer: 202 with what the probe before found, and the new one later.
const EARLIER = { at: '2026-01-01T00:00:00.000Z', good: true, problem: null };
const LATER = {
  at: '2026-01-02T00:00:00.000Z',
  good: false,
  problem: 'The agent says that it is not ready.',
};
const listing = (probe: object) => ({
  id: 'agt_1',
  name: 'Shouter',
  slug: 'shouter',
  status: 'ACTIVE',
  owner_id: 'usr_1',
  base_url: agent.url,
  version: '0123456789abcdef',
  last_health_status: 'healthy',
  probe,
  actions: [],
});

function answerOf(call: string): [number, unknown] {
  const looks = asked.filter((one) => one === 'GET /api/agents/agt_1').length;
  if (call === 'GET /api/about') return [200, { sign_in: { test_email: 'test@mooring.local' } }];
  if (call === 'POST /dev/sign-in') return [200, { access_token: 't', user_id: 'usr_1' }];
  if (call.startsWith('GET /api/agents?')) return [200, { agents: [{ id: 'agt_1', name: 'Shouter' }] }];
  if (call.endsWith('/rotate-keys'))
    return [200, { orchestrator_key: 'ork_1', signing_secret: 'whsec_AAAA' }];
  if (call.endsWith('/check')) return [202, listing(EARLIER)];
  return [200, listing(looks > 3 ? LATER : EARLIER)];
}

beforeAll(async () => {
  agent = await startTunable();
  mooring = createServer((req, res) => {
    const call = `${req.method} ${req.url}`;
    asked.push(call);
    const [status, body] = answerOf(call);
    req.resume();
    res.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(body));
  }).listen(0, '127.0.0.1');
  await once(mooring, 'listening');
  const run = {
    version: '0',
    started_at: EARLIER.at,
    api: `http://127.0.0.1:${(mooring.address() as AddressInfo).port}`,
    temporal: '127.0.0.1:1',
    database_url: 'postgres://127.0.0.1:1/x',
    model: 'stand-in',
    agents: [],
    pids: { supervisor: process.pid },
  };
  writeFileSync(join(dataDir, 'run.json'), JSON.stringify(run));
});
afterAll(async () => {
  mooring.closeAllConnections();
  mooring.close();
  await agent.close();
  rmSync(dataDir, { recursive: true, force: true });
});

async function register(...args: string[]): Promise<{ code: number; out: string }> {
  const program = resolve('dist/dev/agent-kit/register-agent.js');
  const child = spawn(process.execPath, [program, ...args], {
    env: { PATH: process.env['PATH'], HOME: process.env['HOME'], MOORING_DATA_DIR: dataDir },
  });
  const [out, err, [code]] = await Promise.all([
    text(child.stdout),
    text(child.stderr),
    once(child, 'exit') as Promise<[number]>,
  ]);
  return { code, out: out + err };
}

test('an agent that breaks the contract is not listed unless it is forced', async () => {
  const broken = await startTunable({ ignores: 'everything' });
  try {
    const refused = await register(broken.url, '--name', 'Shouter');
    expect([refused.code, refused.out]).toEqual([1, expect.stringContaining('It was not listed. Mend it')]);
    expect(refused.out).toContain('✗ a call without X-Orchestrator-Key is refused with 401');
    expect(asked.filter((call) => /agents/.test(call))).toEqual([]);
  } finally {
    await broken.close();
  }
});

test('a listing is not moved to another address because a server there has its name', async () => {
  const stranger = await startTunable();
  try {
    const { code, out } = await register(stranger.url, '--name', 'Shouter');
    expect([code, out]).toEqual([1, expect.stringContaining(`You have listed “Shouter” at ${agent.url}.`)]);
    expect(asked.filter((call) => /^PATCH|rotate/.test(call))).toEqual([]);
  } finally {
    await stranger.close();
  }
});

test('a message that is too long for a listing is said to be', async () => {
  const talker = await startTunable({ capabilities: { message: 'x'.repeat(200_000), actions: [] } });
  try {
    expect((await register(talker.url, '--name', 'Talker')).out).toMatch(
      /has 200000 characters, and a listing at most 4000: shorten it\.\n$/,
    );
  } finally {
    await talker.close();
  }
});

test('an agent that is registered anew is judged by the new probe, not by what the one before found', async () => {
  const { code, out } = await register(agent.url, '--name', 'Shouter');
  expect([code, out]).toEqual([1, expect.stringContaining('The agent says that it is not ready.')]);
  expect(out).not.toContain('probed:');
});
