import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { cpSync, mkdtempSync, readdirSync, readFileSync, rmSync, symlinkSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { text } from 'node:stream/consumers';
import { firstLine } from '../harness/chat';

// The commands of the README's ten minutes, as they stand there, in a checkout of its own: the default folder and
// port, and keys that are found by where the agent listens. What comes after registering is ten-minutes.test.ts.
const checkout = join(mkdtempSync(join(tmpdir(), 'mooring-readme-')), 'mooring');
const LEFT = new Set(['.git', '.mooring', 'agents', 'node_modules', '.env']);

beforeAll(() => {
  for (const entry of readdirSync('.')) {
    if (LEFT.has(entry)) continue;
    cpSync(entry, join(checkout, entry), { recursive: true, preserveTimestamps: true });
  }
  symlinkSync(resolve('node_modules'), join(checkout, 'node_modules'));
}, 60_000);
afterAll(() => rmSync(join(checkout, '..'), { recursive: true, force: true }));

/** The README's commands by their beginning, without their comments. */
function readCommands(): (beginning: string) => string[] {
  const chapter = readFileSync('README.md', 'utf8').split('## Ten minutes')[1] ?? '';
  const lines = (chapter.split('```')[1] ?? '').split('\n').map((line) => line.replace(/\s*#.*$/, '').trim());
  return (beginning) => {
    const line = lines.find((candidate) => candidate.startsWith(beginning));
    if (line === undefined) throw new Error(`the README has no command ${beginning}`);
    // What npm would run: package.json leads each of these to dev/setup.mjs.
    return line
      .replace(/^npm run ([\w-]+) --/, 'node dev/setup.mjs $1')
      .split(' ')
      .slice(1);
  };
}

const env = { PATH: process.env['PATH'], HOME: process.env['HOME'] };
const begin = (args: string[]) => spawn(process.execPath, args, { cwd: checkout, env });

async function run(args: string[]): Promise<{ code: number; said: string }> {
  const child = begin(args);
  const [out, err, [code]] = await Promise.all([
    text(child.stdout),
    text(child.stderr),
    once(child, 'exit') as Promise<[number]>,
  ]);
  return { code, said: out + err };
}

test('the commands of the README make, test, run and check an agent in a checkout, as they stand there', async () => {
  const command = readCommands();
  const { scripts } = JSON.parse(readFileSync('package.json', 'utf8')) as { scripts: Record<string, string> };
  for (const name of ['new-agent', 'check-agent', 'register-agent']) {
    expect(scripts[name]).toBe(`node dev/setup.mjs ${name}`);
  }
  const made = await run(command('npm run new-agent'));
  expect([made.code, made.said]).toEqual([0, expect.stringContaining('agents/day-counter/agent.mjs')]);
  const tested = await run(command('node --test'));
  expect([tested.code, tested.said]).toEqual([0, expect.stringContaining('# fail 0')]);

  const agent = begin(command('node agents/'));
  const url = await firstLine(agent, 'day-counter listens on ');
  // 4500, or the next one when another agent has it.
  expect(url).toMatch(/^http:\/\/127\.0\.0\.1:45[01]\d$/);
  const asked = command('npm run check-agent').map((part) => part.replace('http://127.0.0.1:4500', url));
  expect(asked).toContain(url);
  const checked = await run(asked);
  agent.kill('SIGTERM');
  await once(agent, 'exit');
  expect(checked.said).toContain(`With the keys in ${join('agents', 'day-counter')}.`);
  expect([checked.code, checked.said]).toEqual([0, expect.stringContaining('24 kept, 0 broken')]);
}, 120_000);
