import { SYSTEM } from '../../domain/principal';
import type { TestDatabase } from '../harness/database';

/** A row of the audit log as the tests look at it. */
export interface Told {
  action: string;
  subjectId: unknown;
  /** kind and id */
  actor: string;
  details: unknown;
}

/** The rows that an act has left, in their order. */
export async function auditOf(
  { db }: Pick<TestDatabase, 'db'>,
  act: () => Promise<unknown>,
): Promise<Told[]> {
  const rows = (after: bigint) =>
    db.withTx(SYSTEM, 'test', (tx) =>
      tx.query<Told & { id: bigint }>(
        `select id, action, subject_id as "subjectId", actor_kind || ' ' || actor_id as actor, details
           from audit_log where id > $1 order by id`,
        [after],
      ),
    );
  const before = (await rows(0n)).at(-1)?.id ?? 0n;
  await act();
  return (await rows(before)).map(({ action, subjectId, actor, details }) => ({
    action,
    subjectId,
    actor,
    details,
  }));
}
