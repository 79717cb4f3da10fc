import type { Tx } from './database';

/** A pair of keys for receipts, as it is stored. */
export interface SigningKey {
  id: string;
  publicJwk: Record<string, unknown>;
  sealedPrivate: string;
}

export async function newestSigningKey(tx: Tx): Promise<SigningKey | null> {
  const [key] = await tx.query<SigningKey>(
    `select id, public_jwk as "publicJwk", sealed_private as "sealedPrivate" from signing_keys
      order by created_at desc, id limit 1`,
  );
  return key ?? null;
}

export async function keepSigningKey(tx: Tx, { id, publicJwk, sealedPrivate }: SigningKey): Promise<void> {
  await tx.query('insert into signing_keys (id, public_jwk, sealed_private) values ($1, $2, $3)', [
    id,
    publicJwk,
    sealedPrivate,
  ]);
}

/** The public halves of all keys there ever were, the newest first, as JWKs. */
export async function publicKeys(tx: Tx): Promise<Record<string, unknown>[]> {
  const keys = await tx.query<{ jwk: Record<string, unknown> }>(
    'select public_jwk as jwk from signing_keys order by created_at desc, id',
  );
  return keys.map(({ jwk }) => jwk);
}

export async function findReceipt(tx: Tx, paymentId: string): Promise<string | null> {
  const [row] = await tx.query<{ jws: string }>('select jws from receipts where payment_id = $1', [
    paymentId,
  ]);
  return row?.jws ?? null;
}

/** Keeps the receipt of a payment that has none; gives the one that counts. */
export async function keepReceipt(
  tx: Tx,
  receipt: { paymentId: string; userId: string; jws: string },
): Promise<string> {
  await tx.query(
    'insert into receipts (payment_id, user_id, jws) values ($1, $2, $3) on conflict (payment_id) do nothing',
    [receipt.paymentId, receipt.userId, receipt.jws],
  );
  return (await findReceipt(tx, receipt.paymentId)) ?? receipt.jws;
}
