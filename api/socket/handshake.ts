import type { IncomingMessage } from 'node:http';

const PATH = /^\/ws\/user-agent\/([\w%.~-]{1,100})$/;
const BEARER = 'bearer.';

export interface Handshake {
  sessionId: string;
  token: string | null;
  afterSeq: number | null;
}

/** What an upgrade asks for; null when it is not for a chat. */
export function readHandshake(req: IncomingMessage): Handshake | null {
  const [path = '', ...query] = (req.url ?? '').split('?');
  const sessionId = PATH.exec(path)?.[1];
  if (sessionId === undefined) return null;
  const asked = new URLSearchParams(query.join('?'));
  const afterSeq = asked.get('after_seq');
  return {
    sessionId,
    token: tokenOffered(req) ?? asked.get('token'),
    afterSeq: afterSeq === null ? null : /^\d{1,10}$/.test(afterSeq) ? Number(afterSeq) : NaN,
  };
}

const offered = (req: IncomingMessage): string[] =>
  (req.headers['sec-websocket-protocol'] ?? '').split(',').map((name) => name.trim());

const tokenOffered = (req: IncomingMessage): string | null =>
  offered(req)
    .find((name) => name.startsWith(BEARER))
    ?.slice(BEARER.length) ?? null;

/** A browser gives up when none of its protocols is chosen: `mooring` if it is there, else the one with the token. */
export function chooseProtocol(protocols: Set<string>): string | false {
  if (protocols.has('mooring')) return 'mooring';
  return [...protocols].find((name) => name.startsWith(BEARER)) ?? false;
}
