import { spawn } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { openChildLog } from '../../dev/supervisor/child-log';
import { AlreadyRunning, claimData, endAll } from '../../dev/supervisor/claim';
import { identify, isSameProcess, waitForEnd } from '../../dev/supervisor/identity';
import { keptAgentKeys, keptSecret, openKeptPorts } from '../../dev/supervisor/kept';
import { listening, startNodeChild } from '../../dev/supervisor/node-child';
import type { Part } from '../../dev/supervisor/part';
import { freePort, isListening } from '../../dev/supervisor/ports';
import { createSupervisor } from '../../dev/supervisor/supervisor';

// A child of a few lines: it listens where it is told, and says when it was asked to end.
const CHILD = `
const { appendFileSync } = require('node:fs');
require('node:net').createServer().listen(Number(process.env.PORT), '127.0.0.1', () => console.log('listening ' + process.env.PORT));
process.on('SIGTERM', () => { appendFileSync(process.env.ENDS, process.env.NAME + '\\n'); process.exit(0); });
`;

let folder: string;
let pids: number[];
let lines: string[];

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'mooring-sup-'));
  pids = [];
  lines = [];
  writeFileSync(join(folder, 'child.js'), CHILD);
  writeFileSync(join(folder, 'dying.js'), 'console.log("why I die"); process.exit(7);');
});

afterEach(() => {
  for (const pid of pids) {
    try {
      process.kill(pid, 'SIGKILL');
    } catch {
      // Ended, as it should be.
    }
  }
  rmSync(folder, { recursive: true, force: true });
});

function part(name: string, port: number, options: { diesAfter?: number } = {}): Part {
  const log = openChildLog(join(folder, `${name}.log`));
  let starts = 0;
  return {
    name,
    stopWithinMs: 2_000,
    lastLines: log.lastLines,
    start: (signal) =>
      startNodeChild({
        file: join(folder, starts++ >= (options.diesAfter ?? Infinity) ? 'dying.js' : 'child.js'),
        env: { PORT: String(port), NAME: name, ENDS: join(folder, 'ends') },
        log,
        ready: listening,
        readyWithinMs: 10_000,
        pollMs: 10,
        spawned: (pid) => pids.push(pid),
        signal,
      }),
  };
}

function supervise() {
  let back: () => void = () => undefined;
  const supervisor = createSupervisor({
    log: (line) => lines.push(line),
    restarted: () => {
      back();
      return Promise.resolve();
    },
  });
  return { supervisor, nextRestart: () => new Promise<void>((resolve) => (back = resolve)) };
}

test('a child that dies is started again on its port, and a line says why it ended', async () => {
  const { supervisor, nextRestart } = supervise();
  const port = await freePort();
  await supervisor.add(part('agents', port));
  const first = supervisor.pidOf('agents') ?? 0;
  const restarted = nextRestart();
  process.kill(first, 'SIGKILL');
  await restarted;
  expect(supervisor.pidOf('agents')).not.toBe(first);
  expect(await isListening(port)).toBe(true);
  expect(lines[0]).toBe('agents ended (SIGKILL): starting it again');
  await supervisor.stop([['agents']]);
  expect(await isListening(port)).toBe(false);
});

test('children are stopped in order and none is left', async () => {
  const { supervisor } = supervise();
  for (const name of ['postgres', 'model', 'platform']) await supervisor.add(part(name, await freePort()));
  await supervisor.stop([['platform'], ['model'], ['postgres']]);
  expect(readFileSync(join(folder, 'ends'), 'utf8')).toBe('platform\nmodel\npostgres\n');
  expect(pids.map((pid) => identify(pid))).toEqual([null, null, null]);
});

test('five deaths in a minute give a child up with its last log lines', async () => {
  const { supervisor } = supervise();
  await supervisor.add(part('platform', await freePort(), { diesAfter: 1 }));
  process.kill(supervisor.pidOf('platform') ?? 0, 'SIGKILL');
  const words = await supervisor.givenUp;
  expect(words).toMatch(/platform ended 5 times.*exit code 7/s);
  expect(words).toContain('why I die');
  expect(pids).toHaveLength(5);
  await supervisor.stop([['platform']]);
});

test('a child that never comes up is an error with its name and its words', async () => {
  const { supervisor } = supervise();
  await expect(supervisor.add(part('model', 0, { diesAfter: 0 }))).rejects.toThrow(
    /model did not start.*why I die/s,
  );
});

test('deaths are counted by a clock that nobody can set', async () => {
  const { supervisor, nextRestart } = supervise();
  await supervisor.add(part('agents', await freePort()));
  const real = Date.now;
  try {
    for (const hour of [3, 1, 2, 0]) {
      Date.now = () => real() + hour * 3_600_000;
      const restarted = nextRestart();
      process.kill(supervisor.pidOf('agents') ?? 0, 'SIGKILL');
      await restarted;
    }
    const given = supervisor.givenUp;
    process.kill(supervisor.pidOf('agents') ?? 0, 'SIGKILL');
    expect(await given).toMatch(/^agents ended 5 times/);
  } finally {
    Date.now = real;
    await supervisor.stop([['agents']]);
  }
});

test('a wait for a process ends in time though the clock is set back meanwhile', async () => {
  const real = Date.now;
  const from = performance.now();
  const self = identify(process.pid);
  if (self === null) throw new Error('this process is not running');
  const waiting = waitForEnd(self, 100);
  Date.now = () => real() - 3_600_000;
  try {
    expect(await waiting).toBe(false);
  } finally {
    Date.now = real;
  }
  expect(performance.now() - from).toBeLessThan(2_000);
});

test('damaged notes of ports and of demo agents’ keys are made anew', async () => {
  for (const name of ['ports.json', 'agents.json']) writeFileSync(join(folder, name), '{"half');
  expect(await openKeptPorts(folder, () => undefined).free('agents', 0)).toBeGreaterThan(0);
  expect(Object.keys(keptAgentKeys(folder, ['a']))).toEqual(['a']);
});

test('a second start on the same data is refused', () => {
  const claim = claimData(folder);
  expect(() => claimData(folder)).toThrow(AlreadyRunning);
  claim.release();
  claimData(folder).release();
});

test('children of a killed supervisor are known by pid and start time, and ended', async () => {
  const child = spawn(process.execPath, ['-e', 'setInterval(() => {}, 1000)'], { stdio: 'ignore' });
  const pid = child.pid ?? 0;
  pids.push(pid);
  const left = identify(pid);
  if (left === null) throw new Error('the child is not running');
  const stranger = { pid: process.pid, startedAt: 'of another process with this number' };
  writeFileSync(
    join(folder, 'supervisor.json'),
    JSON.stringify({ supervisor: stranger, children: { agents: left, model: stranger } }),
  );

  const claim = claimData(folder);
  expect(claim.orphans).toEqual({ agents: left });
  await endAll(claim.orphans);
  expect(isSameProcess(left)).toBe(false);
  claim.release();
});

test('a sweep ends every child that was noted, also one that was not ready yet', async () => {
  const claim = claimData(folder);
  const child = spawn(process.execPath, ['-e', 'setInterval(() => {}, 1000)'], { stdio: 'ignore' });
  const pid = child.pid ?? 0;
  pids.push(pid);
  claim.note('platform', pid);
  const known = identify(pid);
  await claim.sweep();
  expect(known !== null && (await waitForEnd(known, 0))).toBe(true);
  claim.release();
});

test('ports, secret and keys are made once and kept for their owner only', async () => {
  const port = await freePort();
  const ports = openKeptPorts(folder, (line) => lines.push(line));
  ports.keep('agents', port);
  expect(await openKeptPorts(folder, (line) => lines.push(line)).free('agents', 0)).toBe(port);

  const blocker = createServer();
  await new Promise<void>((resolve) => blocker.listen(port, '127.0.0.1', resolve));
  expect(await ports.free('agents', 0)).not.toBe(port);
  expect(lines.at(-1)).toMatch(new RegExp(`port ${port} is busy: agents takes`));
  blocker.close();

  expect(keptSecret(folder)).toBe(keptSecret(folder));
  const keys = keptAgentKeys(folder, ['a', 'b']);
  expect(keptAgentKeys(folder, ['a', 'b'])).toEqual(keys);
  expect(keys['a']).not.toEqual(keys['b']);
});
