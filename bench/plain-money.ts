import type { Pool, PoolClient } from 'pg';
import type { Pay } from './money';

/**
 * The same payment as one would write it by hand: a table of accounts with balances that code sets, a table of payments,
 * and two plain transactions. No role, no row-level security, no history, no keys of causes.
 */
export async function byHand(
  pool: Pool,
  { payers, owners, price, fee }: { payers: number; owners: number; price: bigint; fee: bigint },
): Promise<Pay> {
  await pool.query(`
    create table plain_accounts (id text primary key, balance bigint not null check (balance >= 0), held bigint not null default 0);
    create table plain_payments (id text primary key, payer text not null, owner text not null, amount bigint not null,
                                 state text not null);
    insert into plain_accounts select 'payer-' || n, 1000000000000, 0 from generate_series(0, ${payers}) n;
    insert into plain_accounts select 'owner-' || n, 0, 0 from generate_series(0, ${owners}) n;
    insert into plain_accounts select 'fees-' || n, 0, 0 from generate_series(0, 15) n;`);
  return async (number, crowd) => {
    const id = `pay-${number}`;
    const payer = `payer-${number % crowd.payers}`;
    const owner = `owner-${number % crowd.owners}`;
    await within(pool, async (client) => {
      await client.query(
        'update plain_accounts set balance = balance - $2, held = held + $2 where id = $1 and balance >= $2',
        [payer, price],
      );
      await client.query(`insert into plain_payments values ($1, $2, $3, $4, 'held')`, [
        id,
        payer,
        owner,
        price,
      ]);
    });
    await within(pool, async (client) => {
      await client.query(`update plain_payments set state = 'captured' where id = $1 and state = 'held'`, [
        id,
      ]);
      await client.query('update plain_accounts set held = held - $2 where id = $1', [payer, price]);
      await client.query('update plain_accounts set balance = balance + $2 where id = $1', [
        owner,
        price - fee,
      ]);
      await client.query('update plain_accounts set balance = balance + $2 where id = $1', [
        `fees-${number % 16}`,
        fee,
      ]);
    });
  };
}

/** Less than that: a row is inserted in one transaction and updated in another. No balance, nothing that could be refused. */
export async function oneRowEach(pool: Pool): Promise<Pay> {
  await pool.query(
    'create table bare_rows (id text primary key, amount bigint not null, state text not null)',
  );
  return async (number) => {
    const id = `pay-${number}`;
    await within(pool, async (client) => {
      await client.query(`insert into bare_rows values ($1, $2, 'held')`, [id, 50_000n]);
    });
    await within(pool, async (client) => {
      await client.query(`update bare_rows set state = 'captured' where id = $1`, [id]);
    });
  };
}

async function within(pool: Pool, work: (client: PoolClient) => Promise<void>): Promise<void> {
  const client = await pool.connect();
  try {
    await client.query('begin');
    await work(client);
    await client.query('commit');
  } finally {
    client.release();
  }
}
