import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { connect, createServer } from 'node:net';
import type { Server } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { Client } from 'pg';
import { checkDatabase } from '../../dev/supervisor/external';
import { migrate } from '../../db/migrate';
import { createTestDatabase } from '../harness/database';
import { attemptStart, contentOf, listen, MOST_MS } from './attempt';
import { createPostgres14 } from './postgres-14';

// What is around Mooring is not as it must be. The real start says so in a sentence, in time, and has made nothing.
let folder: string;
let leftovers: (() => void)[] = [];

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'mooring-bad-'));
});
afterEach(() => {
  for (const end of leftovers) end();
  leftovers = [];
  rmSync(folder, { recursive: true, force: true });
});

const serve = (server: Server): Promise<number> => {
  leftovers.push(() => server.close());
  return listen(server);
};

async function expectRefusal(env: Record<string, string>, sentence: RegExp): Promise<void> {
  const attempt = await attemptStart({
    env: { MOORING_DATA_DIR: join(folder, 'data'), MOORING_PORT: '0', ...env },
    cwd: folder,
  });
  expect(attempt.said).toMatch(sentence);
  expect(attempt.code).toBe(1);
  expect(attempt.tookMs).toBeLessThan(MOST_MS);
  expect(contentOf(folder)).toEqual({});
}

const serverUrl = (change: Partial<URL>): string =>
  Object.assign(new URL(process.env['MOORING_TEST_POSTGRES'] ?? ''), change).toString();

async function asSuperuser(url: string, ...statements: string[]): Promise<void> {
  const client = new Client({ connectionString: url });
  await client.connect();
  for (const statement of statements) await client.query(statement);
  await client.end();
}

test('a DATABASE_URL where nothing listens is told apart from one whose machine nobody knows', async () => {
  await Promise.all([
    expectRefusal(
      { DATABASE_URL: 'postgres://me:secret-word@127.0.0.1:1/mooring' },
      /^DATABASE_URL cannot be used: nothing listens on 127\.0\.0\.1:1\. Start PostgreSQL there, or leave DATABASE_URL out/,
    ),
    expectRefusal(
      { DATABASE_URL: 'postgres://me@no-such-machine.invalid/mooring' },
      /no machine is known by the name no-such-machine\.invalid\. Correct the name/,
    ),
  ]);
});

test('a wrong password and an absent database are named, and what to do about each', async () => {
  await Promise.all([
    expectRefusal(
      { DATABASE_URL: serverUrl({ password: 'wrong' }) },
      /refuses the user or the password \(password authentication failed for user "mooring"\)\. Correct them in the URL/,
    ),
    expectRefusal(
      { DATABASE_URL: serverUrl({ pathname: '/nowhere' }) },
      /has no database “nowhere”\. Make it: createdb -h 127\.0\.0\.1 -p \d+ -U mooring nowhere/,
    ),
  ]);
});

test('a user without the rights is told the very statements that give them, and with them all migrations run', async () => {
  const superuser = serverUrl({});
  const own = serverUrl({ pathname: '/lacking', username: 'lacking', password: 'p' });
  await asSuperuser(superuser, "create role lacking login password 'p'", 'create database lacking');
  try {
    await expectRefusal(
      { DATABASE_URL: own },
      /may not create the role mooring_app\. As a superuser: alter role lacking createrole; or, .*: grant mooring_app to lacking with admin option;/,
    );
    await asSuperuser(superuser, 'grant mooring_app to lacking with admin option');
    await expect(checkDatabase(own)).rejects.toThrow(
      /may not create tables there\. .*: grant create on schema public to lacking;/,
    );
    await asSuperuser(serverUrl({ pathname: '/lacking' }), 'grant create on schema public to lacking');
    await checkDatabase(own);
    await migrate(own);
    await checkDatabase(own);
  } finally {
    await asSuperuser(superuser, 'drop database if exists lacking with (force)', 'drop role lacking');
  }
});

test('a database in another encoding is refused', async () => {
  const superuser = serverUrl({});
  await asSuperuser(
    superuser,
    "create database latin encoding 'LATIN1' locale_provider libc locale 'C' template template0",
  );
  try {
    await expect(checkDatabase(serverUrl({ pathname: '/latin' }))).rejects.toThrow(
      /encoding is LATIN1, and Mooring needs UTF8\. Name another database: createdb --encoding=UTF8/,
    );
  } finally {
    await asSuperuser(superuser, 'drop database latin');
  }
});

test('PostgreSQL 14 is too old', async () => {
  const port = await serve(createPostgres14());
  await expectRefusal(
    { DATABASE_URL: `postgres://me:p@127.0.0.1:${port}/mooring` },
    /it is PostgreSQL 14\.13, and Mooring needs 15 or newer\. Upgrade it, name another, or leave DATABASE_URL out/,
  );
});

test('a database that a newer Mooring has written is left as it is', async () => {
  const { url, drop } = await createTestDatabase();
  try {
    await asSuperuser(url, "insert into schema_migrations (name, sha256) values ('0099_future.sql', 'x')");
    await expectRefusal(
      { DATABASE_URL: url },
      /has migration 0099_future\.sql, .* written by a newer Mooring\. Bring this checkout up to date \(git pull\)/,
    );
  } finally {
    await drop();
  }
});

test('a TEMPORAL_ADDRESS where nothing listens is told apart from one whose machine nobody knows', async () => {
  await Promise.all([
    expectRefusal(
      { TEMPORAL_ADDRESS: '127.0.0.1:1' },
      /^TEMPORAL_ADDRESS 127\.0\.0\.1:1 cannot be used: nothing listens there\. Start Temporal there, or leave TEMPORAL_ADDRESS out/,
    ),
    expectRefusal(
      { TEMPORAL_ADDRESS: 'no-such-machine.invalid:7233' },
      /no machine is known by this name\. Correct it/,
    ),
  ]);
});

test('a DATABASE_URL of something that is no PostgreSQL is told so', async () => {
  const port = await serve(createServer((socket) => socket.end('220 ready\r\n')));
  await expectRefusal(
    { DATABASE_URL: `postgres://me:p@127.0.0.1:${port}/mooring` },
    /what listens on 127\.0\.0\.1:\d+ does not speak as PostgreSQL does \(.+\)\. Name its port, 5432 as a rule, .* or leave DATABASE_URL out/,
  );
});

test('a server that accepts and never answers, and an address that swallows every packet, are given up on', async () => {
  const [silent, hole] = await Promise.all([serve(createServer(() => undefined)), blackHole()]);
  const database = (port: number): Promise<void> =>
    expectRefusal(
      { DATABASE_URL: `postgres://me:p@127.0.0.1:${port}/mooring` },
      /127\.0\.0\.1:\d+ does not answer\. Look whether PostgreSQL runs there and a firewall is between/,
    );
  await Promise.all([
    database(silent),
    database(hole),
    expectRefusal(
      { TEMPORAL_ADDRESS: `127.0.0.1:${silent}` },
      /what listens there does not speak as Temporal does\. Name its gRPC port, 7233 as a rule/,
    ),
    expectRefusal(
      { TEMPORAL_ADDRESS: `127.0.0.1:${hole}` },
      /it does not answer \(nothing within 3 s\)\. Look whether Temporal runs there/,
    ),
  ]);
});

/** A port of a process that is stopped, its queue full: what comes now is dropped without an answer. */
async function blackHole(): Promise<number> {
  const listener =
    "require('node:net').createServer().listen({ port: 0, host: '127.0.0.1', backlog: 1 }, function () { console.log(this.address().port); })";
  const child = spawn(process.execPath, ['-e', listener], { stdio: ['ignore', 'pipe', 'inherit'] });
  const ended = () => child.kill('SIGKILL');
  leftovers.push(ended);
  const [said] = (await once(child.stdout, 'data')) as [Buffer];
  const port = Number(said.toString());
  child.kill('SIGSTOP');
  for (let open = true; open;) {
    const socket = connect({ host: '127.0.0.1', port });
    leftovers.push(() => socket.destroy());
    socket.on('error', () => undefined);
    open = await Promise.race([once(socket, 'connect').then(() => true), pause(300).then(() => false)]);
  }
  return port;
}

test('a MOORING_HOST of another machine is refused', async () => {
  await expectRefusal(
    { MOORING_HOST: '192.0.2.7' },
    /MOORING_HOST 192\.0\.2\.7 is no address of this machine .* Use 127\.0\.0\.1, or 0\.0\.0\.0/,
  );
});
