import { spawn, spawnSync } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { appendFileSync, existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { Webhook } from 'standardwebhooks';
import { Keys } from '../../dev/agent-kit/agent-folder';
import { firstLine } from '../harness/chat';

const root = mkdtempSync(join(tmpdir(), 'mooring-killed-agent-'));
afterAll(() => rmSync(root, { recursive: true, force: true }));

// Notes each piece of work under its key, and is killed in the first of the key that says so.
const EFFECT = `async perform({ from, to }, { key }) {
      const isFirst = !existsSync(beside('effects')) || !readFileSync(beside('effects'), 'utf8').includes(key);
      appendFileSync(beside('effects'), key + '\\n');
      if (isFirst && key === 'tsk_killed') process.kill(process.pid, 'SIGKILL');`;

/** A new agent that notes its effects; it is started and killed as the test says. */
function createAgent(name: string) {
  const folder = join(root, name);
  const program = resolve('dist/dev/agent-kit/new-agent.js');
  const made = spawnSync(process.execPath, [program, name, '--folder', folder], { encoding: 'utf8' });
  if (made.status !== 0) throw new Error(made.stderr);
  const file = join(folder, 'agent.mjs');
  const source = readFileSync(file, 'utf8');
  writeFileSync(file, source.replace('async perform({ from, to }) {', EFFECT));
  const keys = Keys.parse(JSON.parse(readFileSync(join(folder, 'keys.json'), 'utf8')));
  const effectsFile = join(folder, 'effects');
  let child: ChildProcess | null = null;
  let url = '';
  return {
    answers: join(folder, 'answers.jsonl'),
    effects: () => (existsSync(effectsFile) ? readFileSync(effectsFile, 'utf8').trim().split('\n') : []),
    async start() {
      child = spawn(process.execPath, [file], {
        env: { PATH: process.env['PATH'], PORT: '0' },
        stdio: ['ignore', 'pipe', 'inherit'],
      });
      url = await firstLine(child, `${name} listens on `);
    },
    async kill() {
      if (child === null || child.exitCode !== null || child.signalCode !== null) return;
      child.kill('SIGKILL');
      await once(child, 'exit');
    },
    /** Calls it as the platform does. */
    async call(key: string): Promise<unknown> {
      const body = JSON.stringify({
        command: 'working_days',
        arguments: { from: '2026-03-02', to: '2026-03-20' },
      });
      const at = new Date();
      const answer = await fetch(`${url}/invoke`, {
        method: 'POST',
        headers: {
          'content-type': 'application/json',
          'x-orchestrator-key': keys.orchestrator_key,
          'idempotency-key': key,
          'webhook-id': key,
          'webhook-timestamp': String(Math.floor(at.getTime() / 1000)),
          'webhook-signature': new Webhook(keys.signing_secret).sign(key, at, body),
        },
        body,
      });
      return answer.json();
    },
  };
}

const DONE = { ok: true, output: { days: 19, working_days: 15 } };

test('an answer that a kill has cut in the middle of its line costs no later answer', async () => {
  const agent = createAgent('cut-short');
  await agent.start();
  expect(await agent.call('tsk_first')).toEqual(DONE);
  await agent.kill();
  appendFileSync(agent.answers, '{"key":"tsk_cut","answer":{"ok":tr');

  await agent.start();
  expect(await agent.call('tsk_second')).toEqual(DONE);
  await agent.kill();

  await agent.start();
  for (const key of ['tsk_first', 'tsk_second', 'tsk_cut']) expect(await agent.call(key)).toEqual(DONE);
  await agent.kill();
  expect(agent.effects()).toEqual(['tsk_first', 'tsk_second', 'tsk_cut']);
  const kept = readFileSync(agent.answers, 'utf8').trim().split('\n');
  expect(kept.map((line) => (JSON.parse(line) as { key: string }).key)).toEqual(agent.effects());
}, 30_000);

test('a kill between the effect and its answer brings the call again under the same key: one effect', async () => {
  const agent = createAgent('cut-off');
  await agent.start();
  await expect(agent.call('tsk_killed')).rejects.toThrow();
  await agent.start();
  expect(await agent.call('tsk_killed')).toEqual(DONE);
  expect(await agent.call('tsk_killed')).toEqual(DONE);
  await agent.kill();
  expect(agent.effects()).toEqual(['tsk_killed', 'tsk_killed']);
  expect(new Set(agent.effects()).size).toBe(1);
}, 30_000);
