import { renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type * as InThread from '../../dev/agents/checker/in-thread';
import { compileAgents } from './agents-process';

const compiled = compileAgents();
const checker = join(compiled.folder, 'code/agents/checker');
const thread = join(checker, 'check-thread.js');
renameSync(thread, join(checker, 'the-thread.js'));
afterAll(compiled.remove);

const TASK = { kind: 'regex', pattern: 'a', flags: '', text: 'banana', most: 20, clip: 20 } as const;

/** Lets the thread be started by this code. */
async function runBy(code: string) {
  writeFileSync(thread, code);
  const { inThread } = (await import(join(checker, 'in-thread.js'))) as typeof InThread;
  return inThread(TASK);
}

test('the second that a pattern has begins when the thread is loaded, however long that took', async () => {
  const slowly = `Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 1_500); require('./the-thread.js');`;
  expect(await runBy(slowly)).toMatchObject({ kind: 'regex', total: 3 });
});

test.each([
  ['ends without a word', 'process.exit(0);', 'ended without an answer'],
  ['fails in our own code', `throw new Error('a fault of ours');`, 'a fault of ours'],
])('a thread that %s is a failure that may be tried again, and no refusal of the pattern', async (...its) => {
  const [, code, told] = its;
  await expect(runBy(code)).rejects.toMatchObject({
    name: 'Error',
    message: expect.stringContaining(told) as string,
  });
});

test('a check that needs more memory than it may have is refused in words', async () => {
  const greedy = 'const all = []; for (;;) all.push(new Array(1e5).fill(all.length));';
  await expect(runBy(greedy)).rejects.toMatchObject({ name: 'Refusal', code: 'too_large' });
});
