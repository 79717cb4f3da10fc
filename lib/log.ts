import { pino } from 'pino';
import type { DestinationStream, Logger } from 'pino';
import { logFields } from './telemetry';

export type { Logger } from 'pino';

/** JSON lines on stdout (`to` is for tests), each with the ids of the work it was written in. What could open a door is never written, wherever it stands in the object. */
export function createLogger(level: string, to?: DestinationStream): Logger {
  const secrets = [
    'authorization',
    'token',
    'access_token',
    'refresh_token',
    'secret',
    'signing_secret',
    'apiKey',
  ];
  const options = {
    level,
    base: { service: 'mooring' },
    mixin: logFields,
    timestamp: pino.stdTimeFunctions.isoTime,
    redact: { paths: secrets.flatMap((name) => [name, `*.${name}`, `*.*.${name}`]), censor: '[redacted]' },
  };
  return to === undefined ? pino(options) : pino(options, to);
}
