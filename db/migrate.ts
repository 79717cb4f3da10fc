import { createHash } from 'node:crypto';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { Client } from 'pg';
import { sqlState } from './database';

const FOLDER = join(__dirname, 'migrations');
/** Any number, the same in every process: whoever holds it migrates, the others wait. */
const LOCK = 7_160_417;
const LOCK_TIMEOUT_MS = 30_000;

/** A migration that cannot be applied; the message names the file and says what to do. */
export class MigrationError extends Error {
  constructor(message: string, options?: ErrorOptions) {
    super(message, options);
    this.name = 'MigrationError';
  }
}

interface Applied {
  name: string;
  sha256: string;
}

/**
 * Applies the plain SQL files of db/migrations, each once, in order, under an advisory lock. It waits for no lock
 * longer than `lockTimeoutMs`.
 */
export async function migrate(
  databaseUrl: string,
  { folder = FOLDER, lockTimeoutMs = LOCK_TIMEOUT_MS } = {},
): Promise<void> {
  const client = new Client({ connectionString: databaseUrl, connectionTimeoutMillis: 3_000 });
  await client.connect();
  try {
    await client.query(`set lock_timeout = ${lockTimeoutMs}`);
    await takeLock(client, lockTimeoutMs);
    const applied = await readApplied(client);
    const pending = pendingFiles(folder, applied ?? []);
    if (applied === null) {
      await client.query(
        `create table schema_migrations
           (name text primary key, sha256 text not null, applied_at timestamptz not null default now())`,
      );
    }
    for (const file of pending) await apply(client, file);
  } finally {
    await client.end();
  }
}

/** Throws when the database was written by a newer Mooring, or by a changed one. Changes nothing. */
export async function refuseUnknown(client: Client): Promise<void> {
  pendingFiles(FOLDER, (await readApplied(client)) ?? []);
}

/** The migrations that the database has had; null when it has none and no table of them. */
async function readApplied(client: Client): Promise<Applied[] | null> {
  const { rows } = await client.query<{ made: boolean }>(
    "select to_regclass('schema_migrations') is not null as made",
  );
  if (rows[0]?.made !== true) return null;
  return (await client.query<Applied>('select name, sha256 from schema_migrations order by name')).rows;
}

const LOCK_NOT_AVAILABLE = '55P03';

async function takeLock(client: Client, lockTimeoutMs: number): Promise<void> {
  try {
    await client.query('select pg_advisory_lock($1)', [LOCK]);
  } catch (cause) {
    if (sqlState(cause) !== LOCK_NOT_AVAILABLE) throw cause;
    throw new MigrationError(
      `Another process has held this database's migrations for ${lockTimeoutMs / 1000} s. Wait until it is done, or end it, and start again.`,
      { cause },
    );
  }
}

interface MigrationFile {
  name: string;
  sql: string;
  sha256: string;
}

function pendingFiles(folder: string, applied: Applied[]): MigrationFile[] {
  const files = readdirSync(folder)
    .filter((name) => name.endsWith('.sql'))
    .sort()
    .map((name) => {
      const sql = readFileSync(join(folder, name), 'utf8');
      return { name, sql, sha256: createHash('sha256').update(sql).digest('hex') };
    });
  for (const { name, sha256 } of applied) {
    const file = files.find((candidate) => candidate.name === name);
    if (file === undefined) {
      throw new MigrationError(
        `The database has migration ${name}, which this version does not know: it was written by a newer Mooring. ` +
          'Bring this checkout up to date (git pull), or name other data (MOORING_DATA_DIR, DATABASE_URL).',
      );
    }
    if (file.sha256 !== sha256) {
      throw new MigrationError(
        `Migration ${name} was changed after it was applied. Restore the file, and put the change into a new one.`,
      );
    }
  }
  return files.filter((file) => !applied.some(({ name }) => name === file.name));
}

async function apply(client: Client, { name, sql, sha256 }: MigrationFile): Promise<void> {
  await client.query('begin');
  try {
    await client.query(sql);
    await client.query('insert into schema_migrations (name, sha256) values ($1, $2)', [name, sha256]);
    await client.query('commit');
  } catch (cause) {
    await client.query('rollback');
    throw new MigrationError(
      `Migration ${name} failed and was rolled back: ${cause instanceof Error ? cause.message : String(cause)}`,
      { cause },
    );
  }
}
