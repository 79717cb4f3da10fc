import { spawn } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { text } from 'node:stream/consumers';
import { exampleOf } from '../../dev/agent-kit/check/example';
import { createSend } from '../../dev/agent-kit/check/exchange';
import { report } from '../../dev/agent-kit/check/finding';
import type { Finding } from '../../dev/agent-kit/check/finding';
import { checkInvokeRules } from '../../dev/agent-kit/check/invoke-rules';
import { checkOpenRules } from '../../dev/agent-kit/check/open-rules';
import { freePort } from '../../dev/supervisor/ports';
import { KEYS, startTunable } from './tunable-agent';
import type { Breaks } from './tunable-agent';

async function check(breaks: Breaks, chosen: { action?: string } = {}) {
  const agent = await startTunable(breaks);
  try {
    const send = createSend(agent.url);
    const { findings, actions } = await checkOpenRules(send);
    findings.push(...(await checkInvokeRules({ send, keys: KEYS, actions: actions ?? [], chosen })));
    return { findings, work: agent.work };
  } finally {
    await agent.close();
  }
}

const broken = (findings: Finding[]): string[] =>
  findings.filter(({ verdict }) => verdict === 'broken').map(({ rule }) => rule);

test('an agent that keeps the contract keeps every rule, and works once', async () => {
  const { findings, work } = await check({});
  expect(findings.filter(({ verdict }) => verdict !== 'kept')).toEqual([]);
  expect(findings.length).toBeGreaterThan(20);
  expect(work).toHaveLength(1);
});

const CASES: [string, Breaks, string[]][] = [
  ['a sick /health', { healthStatus: 503 }, ['GET /health answers 200 within 3 s']],
  [
    'words of its own in /health',
    { health: { status: 'fine' } },
    ['GET /health: it answers in the agreed form'],
  ],
  ['a price in words', { action: { price: 'cheap' } }, ['GET /capabilities: it answers in the agreed form']],
  [
    'a schema that is none',
    { action: { output_schema: { type: 'loud' } } },
    ['every input_schema and output_schema is a JSON Schema'],
  ],
  [
    'terms as long as a book',
    { action: { notes: 'x'.repeat(20_000) } },
    ['GET /capabilities is at most 16 KiB'],
  ],
  ['arguments without a shape', { action: { input_schema: {} } }, ['every input_schema describes an object']],
  ['one page for every path', { elsewhere: 200 }, ['a path that does not exist is answered with 404']],
  ['work by GET', { getInvoke: 200 }, ['GET /invoke is refused with 405 or 404']],
  ['no look at the key', { ignores: 'key' }, ['a wrong X-Orchestrator-Key is refused with 401']],
  [
    'no look at the signature',
    { ignores: 'signature' },
    [
      'a signature by another secret is refused with 401',
      'a body that was changed after signing is refused with 401',
      'a signature that is ten minutes old is refused with 401',
    ],
  ],
  ['no look at the age', { ignores: 'age' }, ['a signature that is ten minutes old is refused with 401']],
  [
    'a signature of what was parsed',
    { ignores: 'bytes' },
    ['a body that was changed after signing is refused with 401'],
  ],
  ['no limit of size', { ignores: 'size' }, ['a body of 2 MiB is refused with 413']],
  ['an answer to anything', { ignores: 'form' }, ['a body that is no JSON is refused with 400']],
  [
    'an unknown command done with success',
    { unknown: { ok: true, output: {} } },
    ['an unknown command is answered 200 {"ok": false, "error": …}'],
  ],
  ['an output of another shape', { output: { quiet: 1 } }, ['the output fits the output_schema']],
  ['a charge above its price', { charge: '0.010001' }, ['a charge is at most the price']],
  [
    'an answer as long as a library',
    { output: { loud: 'x'.repeat(3_000_000) } },
    ['POST /invoke answers at most 1 MiB'],
  ],
  ['no memory', { ignores: 'repeats' }, ['the same Idempotency-Key does no second work']],
];

test.each(CASES)('%s is found, and nothing else', async (_name, breaks, rules) => {
  expect(broken((await check(breaks)).findings)).toEqual(rules);
});

const lineOf = (findings: Finding[], rule: string): string =>
  report(findings.filter((finding) => finding.rule === rule));
const SIZE = 'GET /capabilities is at most 16 KiB';

test('terms of any length are said to be too long, and those of another form or status to be of that', async () => {
  const book = await check({ capabilities: { message: 'x'.repeat(3_000_000) } });
  expect(lineOf(book.findings, SIZE)).toMatch(
    /✗ .*\n.*\n +came {2}more than 2\d{6} bytes, the rest was not read/,
  );
  const gone = await check({ capabilitiesStatus: 404 });
  expect(lineOf(gone.findings, SIZE)).toContain('not checked: it must be answered with 200 and JSON first');
  const other = await check({ capabilities: { message: 'x', actions: 'all of them' } });
  expect(broken(other.findings)).toEqual(['GET /capabilities: it answers in the agreed form']);
  expect(report(other.findings)).toContain('not checked: GET /capabilities must be in the agreed form first');
});

test('of a call in which the agent ends it is said, and to look at its own output', async () => {
  const { findings } = await check({ hangsUp: true });
  expect(report(findings)).toMatch(
    /came {2}the agent closed the connection before its answer \(\w+\)\n.*Look at the output of the agent itself/,
  );
});

test('no control character of an agent reaches the terminal', async () => {
  const { findings } = await check({
    action: { name: 'sh\u001b[2Jout\n  ✓ all', input_schema: {}, price: 'x\u009b' },
  });
  const said = report(findings);
  expect(said).not.toMatch(/(?!\n)\p{Cc}/u);
  expect(said.split('\n').filter((line) => line.includes('✓ all'))).toEqual([]);
});

test('a risky action is called only when a person names it', async () => {
  const risky: Breaks = { action: { risk_level: 'R2' } };
  const { findings, work } = await check(risky);
  expect(broken(findings)).toEqual([]);
  expect(work).toEqual([]);
  expect((await check(risky, { action: 'shout' })).work).toHaveLength(1);
});

test('an agent that lets everyone in is told so for each way in', async () => {
  const { findings } = await check({ ignores: 'everything' });
  expect(broken(findings)).toHaveLength(5);
});

const run = (...args: string[]) => runIn('.', ...args);

async function runIn(cwd: string, ...args: string[]): Promise<{ code: number; out: string }> {
  const child = spawn(process.execPath, [resolve('dist/dev/agent-kit/check-agent.js'), ...args], { cwd });
  const [out, err, [code]] = await Promise.all([
    text(child.stdout),
    text(child.stderr),
    once(child, 'exit') as Promise<[number]>,
  ]);
  return { code, out: out + err };
}

test('the program says what was sent, what came and what to do, and fails when a rule is broken', async () => {
  const agent = await startTunable({ health: { status: 'fine' } });
  const keys = ['--key', KEYS.orchestrator_key, '--secret', KEYS.signing_secret];
  const { code, out } = await run(agent.url, ...keys);
  await agent.close();
  expect(out).toContain(`sent  GET ${agent.url}/health`);
  expect(out).toMatch(/came {2}HTTP 200 in \d+ ms: \{"status":"fine"\}/);
  expect(out).toContain('do    Answer {"status": "ok" or "degraded", "ready": true or false}');
  expect(out).toContain('23 kept, 1 broken, 0 not checked.');
  expect(code).toBe(1);
});

test('without keys the program checks what anyone can, and says what it could not', async () => {
  const agent = await startTunable();
  const { code, out } = await run(agent.url);
  await agent.close();
  expect(out).toContain('11 kept, 0 broken, 1 not checked.');
  expect(agent.work).toEqual([]);
  expect(code).toBe(0);
});

test('nobody at the address, half the keys and arguments that are no object are said in a sentence', async () => {
  const nobody = await run(`http://127.0.0.1:${await freePort()}`);
  expect(nobody.out).toContain('nothing listens there');
  expect(nobody.out).toContain('0 kept, 1 broken, 1 not checked.');
  expect(nobody.code).toBe(1);
  expect((await run()).out).toContain('Say where the agent answers');
  expect((await run('http://127.0.0.1:4500', '--key', 'k')).out).toContain('Give both: --key');
});

test.each([
  ['http://127.0.0.1:4500/?key=x', 'has no query, no fragment and no password'],
  ['http://127.0.0.1:4500/#x', 'has no query, no fragment and no password'],
  ['http://me:pw@127.0.0.1:4500', 'has no query, no fragment and no password'],
  ['http://127.0.0.1:9', 'Port 9 is one that browsers and fetch refuse to connect to'],
  ['ftp://127.0.0.1', 'Say where the agent answers'],
])('the address %s is refused with its rule', async (url, rule) => {
  const { code, out } = await run(url);
  expect([code, out]).toEqual([1, expect.stringContaining(rule)]);
});

test('the keys in a folder go to the process of that folder only, whatever another calls itself', async () => {
  const checkout = mkdtempSync(join(tmpdir(), 'mooring-keys-'));
  const folder = join(checkout, 'agents', 'day-counter');
  mkdirSync(folder, { recursive: true });
  writeFileSync(join(folder, 'keys.json'), JSON.stringify(KEYS));
  const heard: (string | undefined)[] = [];
  const stranger = createServer((req, res) => {
    heard.push(req.headers['x-orchestrator-key']?.toString());
    res.end(JSON.stringify({ status: 'ok', ready: true, name: 'day-counter' }));
  }).listen(0, '127.0.0.1');
  await once(stranger, 'listening');
  const own = await startTunable();
  const note = (pid: number) =>
    writeFileSync(join(folder, 'listens.json'), JSON.stringify({ url: own.url, pid }));
  try {
    const url = `http://127.0.0.1:${(stranger.address() as AddressInfo).port}`;
    note(process.pid);
    expect((await runIn(checkout, url)).out).not.toContain('With the keys');
    expect(heard.filter((key) => key !== undefined)).toEqual([]);
    expect((await runIn(checkout, own.url)).out).toContain('With the keys in agents/day-counter.');
    note(2_147_483_646); // it has ended: whoever listens there now is another
    expect((await runIn(checkout, own.url)).out).not.toContain('With the keys');
    expect((await runIn(checkout, own.url, '--folder', folder)).out).toContain('With the keys in');
  } finally {
    stranger.close();
    stranger.closeAllConnections();
    await own.close();
    rmSync(checkout, { recursive: true, force: true });
  }
}, 30_000);

test('arguments are made of an input schema, by its examples first', () => {
  const properties = {
    name: { type: 'string', examples: ['Ada', 'Grace'] },
    day: { type: 'string', format: 'date' },
    count: { type: 'integer', minimum: 3 },
    unit: { enum: ['km', 'mi'] },
    more: { anyOf: [{ $ref: '#/$defs/tags' }, { type: 'null' }] },
    left_out: { type: 'string' },
  };
  const schema = {
    type: 'object',
    properties,
    required: ['name', 'day', 'count', 'unit', 'more'],
    $defs: { tags: { type: 'array', items: { type: 'string', maxLength: 3 }, minItems: 2 } },
  };
  expect([exampleOf(schema, 0), exampleOf(schema, 1)]).toEqual([
    { name: 'Ada', day: '2026-03-02', count: 3, unit: 'km', more: ['The', 'The'] },
    { name: 'Grace', day: '2026-03-20', count: 4, unit: 'mi', more: ['A s', 'A s'] },
  ]);
  const coded = {
    type: 'object',
    properties: { code: { type: 'string', pattern: '^[0-9]{8}$' } },
    required: ['code'],
  };
  expect(exampleOf(coded, 0)).toBeNull();
});
