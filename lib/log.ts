import { pino } from 'pino';
import type { DestinationStream, Logger } from 'pino';
import { logFields } from './telemetry';

export type { Logger } from 'pino';

/** JSON lines on stdout (`to` is for tests), each with the ids of the work it was written in. What could open a door is never written, wherever it stands in the object. */
export function createLogger(level: string, to: DestinationStream = standardOut()): Logger {
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
  return pino(options, to);
}

const MOST_WAITING_BYTES = 1_000_000;

/** A full disk costs log lines, not the process: some wait in memory, and go out when there is space again. */
function standardOut(): DestinationStream {
  const out = pino.destination({ dest: 1, sync: true, maxLength: MOST_WAITING_BYTES });
  out.on('error', () => undefined);
  return out;
}
