import { AUDIT_ROW, asText, linkOf, NO_SEAL, sealHash } from './audit-chain';
import type { AuditRow, SealHead } from './audit-chain';
import type { Tx } from './database';

/** What the sealed log was found to be. */
export interface AuditFinding {
  seals: number;
  rows: number;
  /** not sealed yet */
  open: number;
  /** the hash of the last seal; null: none is there */
  head: string | null;
  /** the first that is wrong, in a sentence; null: the log is whole */
  problem: string | null;
}

type Reader = Pick<Tx, 'query'>;

interface Seal extends Omit<SealHead, 'link'> {
  hash: Buffer;
}

/** No id is drawn so low; a hand may have written one. */
const BEFORE_ALL = -(2n ** 63n);

/** Rows that a schedule each hour leaves unsealed for so long are an alarm. */
const LATE = `interval '2 hours'`;

/**
 * The whole chain from its beginning, up to its first fault. `keptHead` is the hash of a seal as it was kept elsewhere:
 * who rewrites the log rewrites its seals as well, and only that tells.
 */
export async function checkAuditLog(tx: Reader, keptHead: string | null): Promise<AuditFinding> {
  const seals = await tx.query<Seal>(
    `select region, number, previous, first_id as "firstId", last_id as "lastId", rows, hash,
            ${asText('sealed_at')} as "sealedAt" from audit_seals order by number`,
  );
  const last = seals.at(-1);
  const [open] = await tx.query<{ count: number; late: bigint | null; since: string | null }>(
    `select count(*)::int as count, min(id) filter (where at < now() - ${LATE}) as late, ${asText('min(at)')} as since
       from audit_log where id > $1`,
    [last?.lastId ?? BEFORE_ALL],
  );
  const found = {
    seals: seals.length,
    rows: seals.reduce((sum, { rows }) => sum + rows, 0),
    open: open?.count ?? 0,
    head: last?.hash.toString('hex') ?? null,
  };
  const broken =
    (await firstFault(tx, seals)) ??
    (await beyondTheEnd(tx, last)) ??
    (keptHead === null || seals.some(({ hash }) => hash.toString('hex') === keptHead)
      ? null
      : `no seal is ${keptHead}, which was kept: the log was written anew, or its end is cut off`);
  const late =
    open?.late == null
      ? null
      : `row ${open.late} is not sealed yet, and what is not dates from ${open.since ?? ''}: nobody seals`;
  return { ...found, problem: broken ?? late };
}

async function firstFault(tx: Reader, seals: Seal[]): Promise<string | null> {
  let before = { number: 0, hash: NO_SEAL, lastId: BEFORE_ALL };
  for (const seal of seals) {
    if (seal.number !== before.number + 1) return `seal ${before.number + 1} is gone`;
    if (!seal.previous.equals(before.hash)) return `seal ${seal.number} does not follow the one before it`;
    const fault = await faultOf(tx, seal, before.lastId);
    if (fault !== null) return fault;
    before = seal;
  }
  return null;
}

type Linked = AuditRow & { linkId: bigint | null; seal: number | null; link: Buffer | null };

async function faultOf(tx: Reader, seal: Seal, afterId: bigint): Promise<string | null> {
  // What was written into the gap before a seal's first row is looked at with it.
  const rows = await tx.query<Linked>(
    `select ${AUDIT_ROW}, k.id as "linkId", k.seal, k.hash as link
       from (select * from audit_log where id > $1 and id <= $2) l
       full join (select * from audit_links where id > $1 and id <= $2) k on k.id = l.id
      order by coalesce(l.id, k.id)`,
    [afterId, seal.lastId],
  );
  let link = seal.previous;
  for (const row of rows) {
    if (row.linkId === null || row.link === null) {
      return `row ${row.id} (${row.action} of ${row.subjectKind} ${row.subjectId}) stands among sealed rows, and was never sealed`;
    }
    if (row.seal !== seal.number)
      return `row ${row.linkId} is said to be of seal ${row.seal ?? '?'}, and is of seal ${seal.number}`;
    if ((row.id as bigint | null) === null) return `row ${row.linkId} of seal ${seal.number} is gone`;
    link = linkOf(link, row);
    if (!link.equals(row.link))
      return `row ${row.id} (${row.action} of ${row.subjectKind} ${row.subjectId}) is not what was sealed in seal ${seal.number} at ${seal.sealedAt}`;
  }
  const whole =
    rows.length === seal.rows &&
    rows[0]?.id === seal.firstId &&
    sealHash({ ...seal, link }).equals(seal.hash);
  return whole ? null : `seal ${seal.number} does not say what its rows are`;
}

/** Links without a seal: the seal was there. */
async function beyondTheEnd(tx: Reader, last: Seal | undefined): Promise<string | null> {
  const [link] = await tx.query<{ id: bigint; seal: number }>(
    'select id, seal from audit_links where id > $1 order by id limit 1',
    [last?.lastId ?? BEFORE_ALL],
  );
  return link === undefined ? null : `row ${link.id} was sealed in seal ${link.seal}, which is gone`;
}
