import { AUDIT_ROW, asText, linkOf, NO_SEAL, sealHash } from './audit-chain';
import type { AuditRow } from './audit-chain';
import type { Tx } from './database';

/** So many rows are sealed at once, so that a log that nobody sealed for long is read in parts. */
const MOST_ROWS = 10_000;
/** Any number, the same in every process: whoever holds it seals, the others wait. */
const LOCK = 7_160_419;

/** Up to where the log may be sealed, once every transaction before `over` has ended. */
export interface Horizon {
  upTo: bigint;
  over: string;
}

/**
 * Ids are drawn before their transactions commit, so a row may appear below one that is there already. Whoever draws an id
 * has a transaction id by then: all that could still appear up to the newest row is of transactions before `over`, which is this one's own.
 * Null: nothing is unsealed.
 */
export async function auditHorizon(tx: Tx): Promise<Horizon | null> {
  const [row] = await tx.query<{ upTo: bigint | null; sealed: bigint | null; over: string }>(
    `select (select max(id) from audit_log) as "upTo", (select max(last_id) from audit_seals) as sealed,
            pg_current_xact_id()::text as over`,
  );
  if (row === undefined || row.upTo === null || row.upTo <= (row.sealed ?? 0n)) return null;
  return { upTo: row.upTo, over: row.over };
}

/** `waits`: a transaction that may still add a row is under way. */
export type Sealing = 'waits' | 'sealed' | Sealed;

export interface Sealed {
  number: number;
  rows: number;
  hash: string;
}

/** Seals the next rows up to the horizon; `sealed` when there are none left. */
export async function sealNext(tx: Tx, { upTo, over }: Horizon): Promise<Sealing> {
  // Two at once one after the other: the second finds what the first has sealed.
  await tx.query('select pg_advisory_xact_lock($1)', [LOCK]);
  const [look] = await tx.query<{ ended: boolean }>(
    'select pg_snapshot_xmin(pg_current_snapshot()) >= $1::xid8 as ended',
    [over],
  );
  if (look?.ended !== true) return 'waits';
  const last = await lastSeal(tx);
  const rows = await tx.query<AuditRow>(
    `select ${AUDIT_ROW} from audit_log l where l.id > $1 and l.id <= $2 order by l.id limit $3`,
    [last.lastId, upTo, MOST_ROWS],
  );
  const [first, end] = [rows[0], rows.at(-1)];
  if (first === undefined || end === undefined) return 'sealed';
  const links = chain(last.hash, rows);
  const { region } = first;
  const head = {
    region,
    number: last.number + 1,
    previous: last.hash,
    firstId: first.id,
    lastId: end.id,
    rows: rows.length,
    link: links.at(-1) ?? NO_SEAL,
    sealedAt: last.now,
  };
  const hash = sealHash(head);
  await tx.query(
    `insert into audit_seals (number, previous, first_id, last_id, rows, hash, sealed_at)
     values ($1, $2, $3, $4, $5, $6, $7)`,
    [head.number, head.previous, head.firstId, head.lastId, head.rows, hash, head.sealedAt],
  );
  await tx.query(
    'insert into audit_links (id, seal, hash) select id, $1, hash from unnest($2::bigint[], $3::bytea[]) as made(id, hash)',
    [head.number, rows.map(({ id }) => id), links],
  );
  return { number: head.number, rows: head.rows, hash: hash.toString('hex') };
}

async function lastSeal(tx: Tx): Promise<{ number: number; lastId: bigint; hash: Buffer; now: string }> {
  const [now] = await tx.query<{ now: string }>(`select ${asText('clock_timestamp()')} as now`);
  const [seal] = await tx.query<{ number: number; lastId: bigint; hash: Buffer }>(
    'select number, last_id as "lastId", hash from audit_seals order by number desc limit 1',
  );
  return { ...(seal ?? { number: 0, lastId: 0n, hash: NO_SEAL }), now: now?.now ?? '' };
}

function chain(from: Buffer, rows: AuditRow[]): Buffer[] {
  let link = from;
  return rows.map((row) => (link = linkOf(link, row)));
}
