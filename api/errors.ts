import type { ErrorRequestHandler, Request, Response, NextFunction } from 'express';
import { ZodError } from 'zod';
import { sqlState } from '../db/database';
import { MooringError } from '../domain/errors';
import type { Logger } from '../lib/log';
import { sayRulesInPlainWords } from '../lib/rule-words';
import { requestId } from './request';

sayRulesInPlainWords();

/** Anything thrown, as the error a caller may see. What is unexpected tells nothing of the inside. */
export function toMooringError(error: unknown): MooringError {
  if (error instanceof MooringError) return error;
  if (error instanceof ZodError) return fromZod(error);
  const status = httpStatus(error);
  if (status === 413) {
    return new MooringError('body_too_large', `The body may have at most ${limitOf(error) / 1024} KB.`);
  }
  if (status === 415) {
    return new MooringError('invalid_request', 'The body must not be compressed.', {
      details: { field: 'content-encoding', rule: 'must be identity' },
    });
  }
  if (status === 404) return new MooringError('not_found', 'There is nothing here.');
  if (status >= 400 && status < 500) {
    return new MooringError('invalid_request', 'The request cannot be read.', { cause: error });
  }
  if (isDatabaseAway(error)) {
    return new MooringError(
      'unavailable',
      'The database cannot be reached now, or is busy. Try again in a moment.',
      {
        cause: error,
      },
    );
  }
  return new MooringError('internal_error', 'Something went wrong on our side.', { cause: error });
}

/** What the reader of bodies allows on this route. */
const limitOf = (error: unknown): number =>
  error instanceof Error && 'limit' in error ? Number(error.limit) : 0;

function fromZod(error: ZodError): MooringError {
  const issue = error.issues[0];
  const unknownKey = issue?.code === 'unrecognized_keys' ? issue.keys[0] : undefined;
  const field = [...(issue?.path ?? []), ...(unknownKey === undefined ? [] : [unknownKey])].join('.');
  const rule = unknownKey === undefined ? (issue?.message ?? 'is not valid') : 'is not known here';
  return new MooringError('invalid_request', field === '' ? rule : `${field}: ${rule}`, {
    details: { field, rule },
  });
}

const AWAY_CODES = /^(ECONN|ETIMEDOUT|EPIPE|ENOENT|EHOST|08|57P0|57014|53|25P0)/;
const AWAY_WORDS = /connection terminated|timeout exceeded when trying to connect|query read timeout/i;

/** PostgreSQL cannot be reached, or took too long: the same call may succeed later. */
function isDatabaseAway(error: unknown): boolean {
  if (!(error instanceof Error)) return false;
  return AWAY_CODES.test(sqlState(error)) || AWAY_WORDS.test(error.message);
}

/** The status that Express and its parsers put on their errors. */
function httpStatus(error: unknown): number {
  return error instanceof Error && 'status' in error && typeof error.status === 'number' ? error.status : 500;
}

type ErrorPage = (error: MooringError) => string;

/** For calls that a person makes by a page without scripts: they read words. */
export function answerErrorsAsPage(res: Response, page: ErrorPage): void {
  res.locals['errorPage'] = page;
}

/** The one place where an error becomes an answer. */
export function errorHandler(log: Logger): ErrorRequestHandler {
  // eslint-disable-next-line max-params -- Express knows an error handler by its four parameters
  return (thrown: unknown, req: Request, res: Response, next: NextFunction) => {
    if (res.headersSent) return next(thrown);
    const error = toMooringError(thrown);
    // for the request's own log line
    res.locals['code'] = error.code;
    const id = requestId(res);
    if (error.status >= 500) log.error({ code: error.code, err: error.cause ?? error }, 'request');
    const retryAfterMs = error.details?.['retry_after_ms'];
    if (typeof retryAfterMs === 'number') res.set('Retry-After', String(Math.ceil(retryAfterMs / 1000)));
    else if (error.status === 503) res.set('Retry-After', '1');
    const page = res.locals['errorPage'] as ErrorPage | undefined;
    if (page !== undefined) return res.status(error.status).type('html').send(page(error));
    const body = {
      code: error.code,
      message: error.message,
      request_id: id,
      ...(error.details === undefined ? {} : { details: error.details }),
    };
    if (req.originalUrl.startsWith('/v1/'))
      return networkError(res, thrown, { ...body, status: error.status });
    res.status(error.status).json({ error: body });
  };
}

/** The one body of the agent network: clients of its reference read `detail`, ours `error`. */
function networkError(
  res: Response,
  thrown: unknown,
  { status, ...error }: { status: number; code: string },
): void {
  if (!(thrown instanceof ZodError)) {
    res.status(status).json({ error, detail: { error } });
    return;
  }
  const detail = thrown.issues.map(({ code, path, message }) => ({
    type: code,
    loc: path[0] === 'header' || path[0] === 'query' ? path : ['body', ...path],
    msg: message,
    input: null,
  }));
  res.status(422).json({ error, detail });
}
