import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Client, Connection } from '@temporalio/client';
import { findTemporal } from '../../dev/temporal/binary';
import { startTemporal } from '../../dev/temporal/server';
import type { RunningTemporal, TemporalOptions } from '../../dev/temporal/server';

let folder: string;
let binary: string;
let running: RunningTemporal[] = [];

const start = async (options: Partial<TemporalOptions> = {}): Promise<RunningTemporal> => {
  const temporal = await startTemporal({ binary, dbFile: join(folder, 'temporal.db'), ...options });
  running.push(temporal);
  return temporal;
};

const withClient = async <T>(address: string, use: (client: Client) => Promise<T>): Promise<T> => {
  const connection = await Connection.connect({ address, connectTimeout: 5_000 });
  try {
    return await use(new Client({ connection }));
  } finally {
    await connection.close();
  }
};

beforeAll(async () => {
  binary = await findTemporal();
}, 180_000);
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'mooring-temporal-'));
});
afterEach(async () => {
  await Promise.all(running.map((temporal) => temporal.stop(500)));
  running = [];
  rmSync(folder, { recursive: true, force: true });
});

test('a workflow and its search attributes survive SIGKILL of the server', async () => {
  const first = await start();
  await withClient(first.address, (client) =>
    client.workflow.start('anything', {
      workflowId: 'task/1',
      taskQueue: 'nobody',
      searchAttributes: { MooringPhase: ['waiting'] },
    }),
  );
  process.kill(first.pid, 'SIGKILL');
  expect(await first.ended).toBe('SIGKILL');

  const second = await start({ port: first.port });
  expect(second.port).toBe(first.port);
  const found = await withClient(second.address, (client) => client.workflow.getHandle('task/1').describe());
  expect(found.status.name).toBe('RUNNING');
  expect(found.searchAttributes['MooringPhase']).toEqual(['waiting']);
});

test('a server killed while it made its tables is followed by one on a file of its own', async () => {
  writeFileSync(join(folder, 'temporal.db'), 'the first pages of a database');
  writeFileSync(join(folder, 'temporal.db-wal'), 'and the rest of them');
  const temporal = await start();
  expect(readFileSync(join(folder, 'temporal.db.unfinished'), 'utf8')).toBe('the first pages of a database');
  await temporal.stop();
  expect((await start()).address).toBeTruthy();
});

test('data of another server version is refused with words', async () => {
  writeFileSync(join(folder, 'temporal.db'), '');
  writeFileSync(join(folder, 'temporal.db.version'), '1.31.0\n');
  await expect(start()).rejects.toThrow(/is of server 1\.31\.0; this is server 1\.32\.0.*--fresh/s);
});

test('a busy port gives way to another one, and says so', async () => {
  const blocker = createServer();
  await new Promise<void>((resolve) => blocker.listen(0, '127.0.0.1', resolve));
  const address = blocker.address();
  const port = typeof address === 'object' && address !== null ? address.port : 0;
  const lines: string[] = [];
  const temporal = await start({ port, dbFile: null, log: (line) => lines.push(line) });
  blocker.close();
  expect(temporal.port).not.toBe(port);
  expect(lines.join('\n')).toContain(`port ${port} is busy`);
});
