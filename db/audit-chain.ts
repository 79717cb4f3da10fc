import { createHash } from 'node:crypto';

/** A row of the audit log as it is sealed: every value as PostgreSQL prints it. */
export interface AuditRow {
  id: bigint;
  region: string;
  /** UTC, to the microsecond */
  at: string;
  actorKind: string;
  actorId: string;
  action: string;
  subjectKind: string;
  subjectId: string;
  details: string;
  requestId: string | null;
}

/** What a seal says of the rows that it is over. */
export interface SealHead {
  region: string;
  number: number;
  /** the hash of the seal before it */
  previous: Buffer;
  firstId: bigint;
  lastId: bigint;
  rows: number;
  /** of its last row */
  link: Buffer;
  sealedAt: string;
}

/** The seal before the first one. */
export const NO_SEAL: Buffer = Buffer.alloc(32);

/** In UTC, to the microsecond, whatever the connection's own zone and style are. */
export const asText = (column: string): string =>
  `to_char(${column} at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"')`;

export const AUDIT_ROW = `l.id, l.region, ${asText('l.at')} as at, l.actor_kind as "actorKind", l.actor_id as "actorId",
  l.action, l.subject_kind as "subjectKind", l.subject_id as "subjectId", l.details::text as details,
  l.request_id as "requestId"`;

const hashOf = (previous: Buffer, values: (string | null)[]): Buffer =>
  createHash('sha256').update(previous).update(JSON.stringify(values)).digest();

/** Over the row and the link before it; of the first row of a seal, over the seal before. */
export const linkOf = (previous: Buffer, row: AuditRow): Buffer =>
  hashOf(previous, [
    String(row.id),
    row.region,
    row.at,
    row.actorKind,
    row.actorId,
    row.action,
    row.subjectKind,
    row.subjectId,
    row.details,
    row.requestId,
  ]);

export const sealHash = (seal: SealHead): Buffer =>
  hashOf(seal.previous, [
    seal.region,
    String(seal.number),
    String(seal.firstId),
    String(seal.lastId),
    String(seal.rows),
    seal.link.toString('hex'),
    seal.sealedAt,
  ]);
