import { Client } from 'pg';

type Ask = (sql: string, values?: unknown[]) => Promise<Record<string, unknown>[]>;

/** Each table, read as the owner of the database, whom row-level security hides nothing from. */
async function ofEachTable<T>(
  databaseUrl: string,
  read: (ask: Ask, table: string) => Promise<T>,
): Promise<[string, T][]> {
  const client = new Client({ connectionString: databaseUrl });
  await client.connect();
  const ask: Ask = async (sql, values) => (await client.query<Record<string, unknown>>(sql, values)).rows;
  try {
    const tables = await ask(
      `select c.relname as name from pg_class c join pg_namespace n on n.oid = c.relnamespace
        where n.nspname = 'public' and c.relkind in ('r', 'p') order by 1`,
    );
    const answers: [string, T][] = [];
    for (const { name } of tables) answers.push([String(name), await read(ask, String(name))]);
    return answers;
  } finally {
    await client.end();
  }
}

/** The tables in any column of which a word stands. */
export async function tablesWith(databaseUrl: string, word: string): Promise<string[]> {
  const answers = await ofEachTable(databaseUrl, (ask, table) =>
    ask(`select 1 from ${table} t where position($1 in t::text) > 0 limit 1`, [word]),
  );
  return answers.filter(([, rows]) => rows.length > 0).map(([table]) => table);
}

/** All that is stored, as one value for each table: whatever changes a row changes it. */
export async function allFacts(databaseUrl: string): Promise<Record<string, unknown>> {
  const answers = await ofEachTable(
    databaseUrl,
    async (ask, table) =>
      (
        await ask(`select md5(coalesce(string_agg(t::text, '' order by t::text), '')) as sum from ${table} t`)
      )[0]?.['sum'],
  );
  return Object.fromEntries(answers);
}
