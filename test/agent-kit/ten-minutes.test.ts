import { spawn } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { text } from 'node:stream/consumers';
import { freePort } from '../../dev/supervisor/ports';
import { firstLine, openChat } from '../harness/chat';
import { startProduct } from '../harness/product';

// An agent that the stand-in, its planner and this checkout have never heard of.
const WORK = `
export const message = 'Keeps a message from curious eyes by the cipher of Caesar.';

export const actions = [
  {
    name: 'encipher',
    description: 'Enciphers a text by the Caesar cipher: each letter is shifted along the alphabet.',
    price: '0.07',
    risk_level: 'R0',
    input_schema: {
      type: 'object',
      properties: {
        text: { type: 'string', description: 'What is to be kept secret.', examples: ['Attack at dawn', 'Retreat'] },
        shift: { type: 'integer', minimum: 1, maximum: 25, description: 'By how many letters.', examples: [3, 4] },
      },
      required: ['text', 'shift'],
    },
    output_schema: {
      type: 'object',
      properties: { secret: { type: 'string' } },
      required: ['secret'],
    },
    async perform({ text, shift }) {
      if (typeof text !== 'string' || !Number.isInteger(shift)) throw new Refusal('text and shift are needed');
      const move = (letter, from) => String.fromCharCode(from + ((letter.charCodeAt(0) - from + shift) % 26));
      return { secret: text.replace(/[a-z]/g, (one) => move(one, 97)).replace(/[A-Z]/g, (one) => move(one, 65)) };
    },
  },
];
`;
const WORK_TEST = `
test('enciphers', async () => {
  const { body } = await call({ command: 'encipher', arguments: { text: 'xyz', shift: 3 } });
  assert.deepEqual(body, { ok: true, output: { secret: 'abc' } });
});
`;

const folder = mkdtempSync(join(tmpdir(), 'mooring-ten-minutes-'));
const agent = join(folder, 'secret-keeper');
const dataDir = join(folder, 'data');
const children: ChildProcess[] = [];
let api = '';

beforeAll(async () => {
  const port = await freePort();
  api = `http://127.0.0.1:${port}`;
  children.push(await startProduct(dataDir, port));
}, 120_000);

afterAll(async () => {
  for (const child of children) {
    child.kill('SIGINT');
    await once(child, 'exit');
  }
  rmSync(folder, { recursive: true, force: true });
}, 30_000);

/** A program as npm runs it; what it said, and how it ended. */
async function run(...args: string[]): Promise<{ code: number; said: string }> {
  const child = spawn(process.execPath, args, {
    env: { PATH: process.env['PATH'], HOME: process.env['HOME'], MOORING_DATA_DIR: dataDir },
  });
  const [out, err, [code]] = await Promise.all([
    text(child.stdout),
    text(child.stderr),
    once(child, 'exit') as Promise<[number]>,
  ]);
  return { code, said: out + err };
}
const kit = (name: string, ...args: string[]) => run(resolve(`dist/dev/agent-kit/${name}.js`), ...args);

/** Puts other work into the upper part of a file that new-agent has written, as its owner would. */
function rework(file: string, work: string): void {
  const path = join(agent, file);
  const source = readFileSync(path, 'utf8');
  const from = source.indexOf('\n', source.indexOf('// ---- What the agent does'));
  const to = source.indexOf('// ---- The contract');
  writeFileSync(path, `${source.slice(0, from)}\n${work}\n${source.slice(to)}`);
}

test('from nothing to an agent that a chat hires and pays, while the platform runs', async () => {
  expect((await kit('new-agent', 'secret-keeper', '--folder', agent)).code).toBe(0);
  rework('agent.mjs', WORK);
  rework('agent.test.mjs', WORK_TEST);
  const tested = await run('--test', join(agent, 'agent.test.mjs'));
  expect([tested.code, tested.said]).toEqual([0, expect.stringContaining('# fail 0')]);

  const running = spawn(process.execPath, [join(agent, 'agent.mjs')], {
    env: { PATH: process.env['PATH'], PORT: '0' },
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  children.push(running);
  const url = await firstLine(running, 'secret-keeper listens on ');
  const checked = await kit('check-agent', url, '--folder', agent);
  expect([checked.code, checked.said]).toEqual([0, expect.stringContaining('24 kept, 0 broken')]);

  const registered = await kit('register-agent', url, '--folder', agent);
  expect([registered.code, registered.said]).toEqual([
    0,
    expect.stringContaining('approved by the test user'),
  ]);
  const question = /in words such as\n\n {2}(.+)\n/.exec(registered.said)?.[1] ?? '';
  expect(question).toContain('Attack at dawn');

  const chat = await openChat(() => api, 'newcomer@example.test');
  await chat.say('m1', 'Encipher this text, a shift of 3 letters: Attack at dawn');
  const asked = await chat.until(({ type }) => type === 'PAYMENT_REQUEST');
  expect(asked.data).toMatchObject({ agent_name: 'Secret keeper', action: 'encipher', amount_usdc: '0.07' });
  await chat.answer(true);
  const answer = await chat.until(({ type }) => type === 'AGENT_MESSAGE');
  expect(answer.data['content']).toContain('Dwwdfn dw gdzq');
  await chat.until(({ type }) => type === 'PAYMENT_SUCCESSFUL');
  expect(await chat.wallet()).toMatchObject({ balance_usdc: '4.93', held_usdc: '0.00' });

  // Registered once more, it is the same agent with new keys, and the words it suggests work as they are.
  expect((await kit('register-agent', url, '--folder', agent)).said).toContain('listed as secret-keeper\n');
  const second = await openChat(() => api, 'second@example.test');
  await second.say('m1', question);
  await second.answer(true);
  expect((await second.until(({ type }) => type === 'AGENT_MESSAGE')).data['content']).toContain('Dwwdfn');
}, 120_000);

test('an agent that does not answer is not approved, and what is wrong is said', async () => {
  const url = `http://127.0.0.1:${await freePort()}`;
  const { code, said } = await kit('register-agent', url, '--name', 'Nobody');
  expect([code, said]).toEqual([1, expect.stringContaining('does not answer in JSON. Does the agent run?')]);
});
