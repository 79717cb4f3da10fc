import { createHash, createHmac, hkdfSync } from 'node:crypto';

/** The links by which a person answers, and the codes that go beside them. */
export interface ApprovalLinks {
  /** of the question with this id */
  urlOf: (confirmationId: string) => string;
  tokenHashOf: (confirmationId: string) => Buffer;
  /** six digits, of the mail with this id */
  codeOf: (mailId: string) => string;
  /** kept of a code, for the row it opens: of six digits alone a plain hash would say them */
  codeHashOf: (rowId: string, code: string) => Buffer;
}

/**
 * Links and codes come from ids under a key of the process secret's: only their hashes are kept, and yet a mail that is
 * sent again after a crash, and its reminder, have the link of the first.
 */
export function createApprovalLinks(secret: string, publicUrl: string): ApprovalLinks {
  const keyFor = (purpose: string): Buffer =>
    Buffer.from(hkdfSync('sha256', secret, '', `mooring/${purpose}/v1`, 48));
  const [links, codes, hashes] = [keyFor('approval-links'), keyFor('mail-codes'), keyFor('code-hashes')];
  const tokenOf = (id: string): string => createHmac('sha384', links).update(id).digest('base64url');
  return {
    urlOf: (id) => new URL(`/approve/${tokenOf(id)}`, publicUrl).toString(),
    tokenHashOf: (id) => hashApprovalToken(tokenOf(id)),
    codeOf: (id) =>
      String(createHmac('sha256', codes).update(id).digest().readBigUInt64BE() % 1_000_000n).padStart(6, '0'),
    codeHashOf: (rowId, code) => createHmac('sha256', hashes).update(`${rowId} ${code}`).digest(),
  };
}

/** 384 bits that nobody can guess need no slow hash. */
export const hashApprovalToken = (token: string): Buffer => createHash('sha256').update(token).digest();
