import type { Cut } from './guarded-http';

const SAID: Record<string, string> = {
  ECONNREFUSED: 'nothing listens at its address (connection refused)',
  ENOTFOUND: 'its name is not known to DNS',
  EAI_AGAIN: 'its name could not be looked up now',
  ECONNRESET: 'it closed the connection before it had answered',
  UND_ERR_SOCKET: 'it closed the connection before it had answered',
  EPIPE: 'it closed the connection before it had answered',
  EHOSTUNREACH: 'there is no way to its address',
  ENETUNREACH: 'there is no way to its address',
  ETIMEDOUT: 'its address accepts no connection in time',
  UND_ERR_CONNECT_TIMEOUT: 'its address accepts no connection in time',
  CERT_HAS_EXPIRED: 'its certificate has expired',
  CERT_NOT_YET_VALID: 'its certificate is not valid yet',
  DEPTH_ZERO_SELF_SIGNED_CERT: 'its certificate is signed by itself and not by an authority',
  SELF_SIGNED_CERT_IN_CHAIN: 'its certificate is signed by an authority that is not known',
  UNABLE_TO_VERIFY_LEAF_SIGNATURE: 'its certificate comes without those that it is signed by',
  UNABLE_TO_GET_ISSUER_CERT_LOCALLY: 'its certificate is signed by an authority that is not known',
  ERR_TLS_CERT_ALTNAME_INVALID: 'its certificate is for another name',
  EPROTO: 'it does not speak TLS there',
  ERR_SSL_WRONG_VERSION_NUMBER: 'it does not speak TLS there',
  ERR_SSL_PACKET_LENGTH_TOO_LONG: 'it does not speak TLS there',
  UND_ERR_HEADERS_OVERFLOW: 'the head of its answer is too long',
};

/** Why a request of an agent came to no answer, in words for its owner: "it …", without its end. */
export function whyUnreachable(error: unknown, timeoutMs: number): string {
  if (textOf(error, 'name') === 'TimeoutError') return `it did not answer within ${timeoutMs} ms`;
  const code = textOf(error, 'code');
  if (textOf(error, 'name') === 'HTTPParserError') return 'it did not answer in HTTP';
  return SAID[code] ?? `it could not be reached${code === '' ? '' : ` (${code})`}`;
}

/** Why an answer is not whole, in the same words. */
export function whyCut(cut: Cut, { timeoutMs, maxBytes }: { timeoutMs: number; maxBytes: number }): string {
  switch (cut) {
    case 'size':
      return `its answer is larger than ${maxBytes} bytes`;
    case 'time':
      return `it did not answer within ${timeoutMs} ms`;
    case 'broken':
      return 'it closed the connection before it had answered';
  }
}

function textOf(error: unknown, key: 'name' | 'code'): string {
  const fields =
    typeof error === 'object' && error !== null ? (error as Partial<Record<string, unknown>>) : {};
  const value = fields[key];
  return typeof value === 'string' ? value : '';
}
