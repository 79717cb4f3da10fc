import { hkdfSync, randomUUID } from 'node:crypto';
import { SignJWT, jwtVerify } from 'jose';
import { z } from 'zod';
import { MooringError } from '../../domain/errors';

export const ACCESS_TOKEN_SECONDS = 30 * 60;
export const SESSION_TOKEN_SECONDS = 5 * 60;

const ISSUER = 'mooring';

/** The classes of tokens. Each has a key, a type and an audience of its own: one never passes for another. */
const CLASSES = {
  access: { typ: 'mooring-access+jwt', audience: 'mooring:api', seconds: ACCESS_TOKEN_SECONDS },
  session: { typ: 'mooring-session+jwt', audience: 'mooring:chat', seconds: SESSION_TOKEN_SECONDS },
} as const;
type TokenClass = keyof typeof CLASSES;

const AccessClaims = z.object({ sub: z.string().regex(/^usr_\w{21}$/) });
const SessionClaims = AccessClaims.extend({ sid: z.string().regex(/^ses_\w{21}$/) });

export interface Tokens {
  issueAccess: (userId: string) => Promise<string>;
  /** Whose token it is; throws auth_failed. */
  verifyAccess: (token: string) => Promise<string>;
  issueSession: (bearer: { userId: string; sessionId: string }) => Promise<string>;
  verifySession: (token: string) => Promise<{ userId: string; sessionId: string }>;
}

export function createTokens(secret: string): Tokens {
  const keys = {
    access: deriveKey(secret, CLASSES.access.typ),
    session: deriveKey(secret, CLASSES.session.typ),
  };
  const issue = (tokenClass: TokenClass, claims: Record<string, string>): Promise<string> => {
    const { typ, audience, seconds } = CLASSES[tokenClass];
    return new SignJWT(claims)
      .setProtectedHeader({ alg: 'HS256', typ })
      .setIssuer(ISSUER)
      .setAudience(audience)
      .setJti(randomUUID())
      .setIssuedAt()
      .setExpirationTime(`${seconds}s`)
      .sign(keys[tokenClass]);
  };
  /** Everything is said: by itself, jwtVerify takes tokens without exp, aud or typ, and other algorithms. */
  const verify = async <T>(token: string, tokenClass: TokenClass, claims: z.ZodType<T>): Promise<T> => {
    const { typ, audience, seconds } = CLASSES[tokenClass];
    try {
      const { payload, protectedHeader } = await jwtVerify(token, keys[tokenClass], {
        algorithms: ['HS256'],
        issuer: ISSUER,
        audience,
        typ,
        requiredClaims: ['exp', 'iat', 'sub', 'jti'],
        // also refuses an `iat` in the future
        maxTokenAge: seconds,
      });
      const strange = Object.keys(protectedHeader).filter((name) => name !== 'alg' && name !== 'typ');
      if (strange.length > 0) throw new Error(`unexpected header ${strange.join(', ')}`);
      return claims.parse(payload);
    } catch (cause) {
      throw new MooringError('auth_failed', 'The token is missing, bad or expired.', { cause });
    }
  };
  return {
    issueAccess: (userId) => issue('access', { sub: userId }),
    verifyAccess: async (token) => (await verify(token, 'access', AccessClaims)).sub,
    issueSession: ({ userId, sessionId }) => issue('session', { sub: userId, sid: sessionId }),
    async verifySession(token) {
      const { sub, sid } = await verify(token, 'session', SessionClaims);
      return { userId: sub, sessionId: sid };
    },
  };
}

const deriveKey = (secret: string, purpose: string): Uint8Array =>
  new Uint8Array(hkdfSync('sha256', secret, 'mooring/tokens/v1', purpose, 32));
