import { z } from 'zod';
import { badRequest } from './api-error';

/** What each call takes, as the SDK's types have it. A field or a filter that Circle lacks is refused. */
const uuid = z.uuid();
const uuidV4 = z.uuidv4('idempotencyKey must be a UUID v4');
const amounts = z.tuple([z.string().regex(/^(0|[1-9]\d*)(\.\d{1,6})?$/)]);
const address = z.string().regex(/^0x[0-9a-f]{40}$/i);
const feeLevel = z.enum(['LOW', 'MEDIUM', 'HIGH']);
const blockchain = z.string().regex(/^[A-Z]+(-[A-Z]+)?$/);

export const CreateWallets = z.strictObject({
  idempotencyKey: uuidV4,
  entitySecretCiphertext: z.string(),
  accountType: z.enum(['SCA', 'EOA']).optional(),
  blockchains: z.array(blockchain).min(1),
  count: z.number().int().min(1).max(200).optional(),
  metadata: z.array(z.strictObject({ name: z.string().optional(), refId: z.string().optional() })).optional(),
  walletSetId: uuid,
});
export const CreateTransfer = z.strictObject({
  idempotencyKey: uuidV4,
  entitySecretCiphertext: z.string(),
  amounts,
  destinationAddress: address,
  feeLevel,
  refId: z.string().max(512).optional(),
  tokenId: uuid,
  walletId: uuid,
});
export const EstimateFee = z.strictObject({
  amounts,
  destinationAddress: address,
  tokenId: uuid,
  walletId: uuid,
});
const page = {
  from: z.iso.datetime().optional(),
  to: z.iso.datetime().optional(),
  pageBefore: uuid.optional(),
  pageAfter: uuid.optional(),
  pageSize: z.coerce.number().int().min(1).max(50).default(10),
  order: z.enum(['ASC', 'DESC']).default('DESC'),
};
export const ListWallets = z.strictObject({
  ...page,
  address: address.optional(),
  blockchain: blockchain.optional(),
  scaCore: z.string().optional(),
  walletSetId: uuid.optional(),
  refId: z.string().optional(),
});
export const ListTransactions = z.strictObject({
  ...page,
  blockchain: blockchain.optional(),
  custodyType: z.enum(['DEVELOPER', 'ENDUSER']).optional(),
  destinationAddress: address.optional(),
  includeAll: z.enum(['true', 'false']).optional(),
  operation: z.enum(['TRANSFER', 'CONTRACT_EXECUTION', 'CONTRACT_DEPLOYMENT']).optional(),
  state: z.string().optional(),
  txHash: z.string().optional(),
  txType: z.enum(['INBOUND', 'OUTBOUND']).optional(),
  walletIds: z.string().optional(),
});
export const ListBalances = z.strictObject({
  includeAll: z.enum(['true', 'false']).optional(),
  name: z.string().optional(),
  tokenAddress: z.string().optional(),
  standard: z.string().optional(),
  pageBefore: page.pageBefore,
  pageAfter: page.pageAfter,
  pageSize: page.pageSize,
});
export const GetTransaction = z.strictObject({ txType: z.enum(['INBOUND', 'OUTBOUND']).optional() });

export type Page = Pick<z.infer<typeof ListTransactions>, 'pageBefore' | 'pageAfter' | 'pageSize' | 'order'>;

export function read<T>(schema: z.ZodType<T>, input: unknown): T {
  const parsed = schema.safeParse(input);
  if (parsed.success) return parsed.data;
  const [issue] = parsed.error.issues;
  throw badRequest(`API parameter invalid: ${issue?.path.join('.') ?? ''} ${issue?.message ?? ''}`);
}
