import { raw } from 'express';
import type { Request, RequestHandler } from 'express';
import { MooringError } from '../domain/errors';
import { parseJson } from './json';

const BODY_LIMIT = 100 * 1024;
const utf8 = new TextDecoder('utf-8', { fatal: true });

/** Bodies of at most 100 KB, JSON only, checked before use. No body reads as {}. */
export function jsonBody(): RequestHandler[] {
  return [raw({ type: () => true, limit: BODY_LIMIT, inflate: false }), parseBody];
}

const parseBody: RequestHandler = (req, _res, next) => {
  const bytes: unknown = req.body;
  req.body = Buffer.isBuffer(bytes) && bytes.length > 0 ? jsonOf(req, bytes) : {};
  next();
};

/** The JSON that these bytes are. */
export function jsonOf(req: Request, bytes: Buffer): unknown {
  // A content type that no form can send: a foreign page cannot post here without asking first.
  if (req.is('application/json') === false) {
    throw new MooringError('invalid_request', 'The body must be application/json.', {
      details: { field: 'content-type', rule: 'must be application/json' },
    });
  }
  return parseJson(textOf(bytes));
}

export function textOf(bytes: Buffer): string {
  try {
    return utf8.decode(bytes);
  } catch (cause) {
    throw new MooringError('invalid_request', 'The body must be UTF-8.', {
      details: { field: '', rule: 'must be UTF-8' },
      cause,
    });
  }
}
