import { pino } from 'pino';
import type { Logger } from 'pino';

export type { Logger } from 'pino';

/** JSON lines on stdout. What could open a door is never written, wherever it stands in the object. */
export function createLogger(level: string): Logger {
  const secrets = [
    'authorization',
    'token',
    'access_token',
    'refresh_token',
    'secret',
    'signing_secret',
    'apiKey',
  ];
  return pino({
    level,
    base: { service: 'mooring' },
    timestamp: pino.stdTimeFunctions.isoTime,
    redact: { paths: secrets.flatMap((name) => [name, `*.${name}`, `*.*.${name}`]), censor: '[redacted]' },
  });
}
