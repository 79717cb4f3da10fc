import type { RawData } from 'ws';
import { MooringError } from '../../domain/errors';
import type { CloseCode } from '../../domain/frames';
import type { Logger } from '../../lib/log';
import { newId } from '../../lib/ids';
import { createRateLimit } from '../../lib/rate-limit';
import { currentOrigin } from '../../lib/telemetry';
import { toMooringError } from '../errors';
import { isFrameType, readEnvelope, readFrame } from './client-frames';
import { errorFrame } from './error-frame';
import { asWork } from './frame-work';
import { welcome } from './visitor';
import type { ConnectionDeps, Visit, Visitor } from './visitor';
import type { Wire } from './wire';

const MINUTE_MS = 60_000;
/** Frames taken from a socket and not yet answered; above it, nothing more is read from it. */
const MAX_QUEUED = 16;

/** One socket from its opening to its end. Its frames are taken one after the other. */
export function serveConnection(deps: ConnectionDeps, visit: Visit): void {
  const { api, timings, log } = deps;
  const { ws, wire, sessionId } = visit;
  const frameLimit = createRateLimit({ limit: api.config.MOORING_RATE_LIMIT_FRAMES, windowMs: MINUTE_MS });
  const leave: (() => void)[] = [];
  let visitor: Visitor | null = null;
  const refused = (thrown: unknown, id: string | null = null, code?: CloseCode): MooringError =>
    refuse({ wire, log, id, entered: visitor !== null, code }, toMooringError(thrown));
  const inOrder = jobsInOrder(visit, (error) => void refused(error));
  const enter = async (token: string): Promise<void> => {
    clearTimeout(authTimer);
    visitor = await welcome(deps, visit, { token, leave });
  };
  const countFrame = (): boolean => {
    const waitMs = frameLimit.take('');
    if (waitMs > 0) void asWork({ log, sessionId }, () => Promise.resolve(refused(tooManyFrames(waitMs))));
    return waitMs === 0;
  };
  const take = async (frame: { type: string }): Promise<void> => {
    if (visitor !== null) return visitor.take(frame);
    const auth = readFrame(frame);
    if (auth.type !== 'AUTH') throw new MooringError('auth_failed', 'The first frame must be AUTH.');
    await enter(auth.data.token);
  };

  const authTimer = setTimeout(() => {
    refused(new MooringError('auth_failed', 'No token came in time.'), null, 4408);
  }, timings.authMs);
  const ageTimer = setTimeout(() => void refused(tooOld()), timings.maxAgeMs);
  const { token } = visit;
  if (token !== null) inOrder(() => enter(token));

  ws.on('message', (data, isBinary) => {
    if (!wire.isOpen() || !countFrame()) return;
    inOrder(() =>
      asWork({ log, sessionId }, async (named) => {
        const frame = readText(wire, data, isBinary);
        if (frame === null) return null;
        named(isFrameType(frame.type) ? frame.type : 'unknown');
        return take(frame).then(
          () => null,
          (error: unknown) => refused(error, idOf(frame)),
        );
      }),
    );
  });
  ws.on('ping', () => void countFrame());
  ws.once('close', () => {
    clearTimeout(authTimer);
    clearTimeout(ageTimer);
    for (const undo of leave.splice(0)) undo();
  });
}

/** Runs one job after the other while the socket is open, and reads no more from it while too many wait. */
function jobsInOrder(
  { ws, wire }: Visit,
  onError: (error: unknown) => void,
): (job: () => Promise<void>) => void {
  let tail = Promise.resolve();
  let queued = 0;
  return (job) => {
    queued += 1;
    if (queued > MAX_QUEUED) ws.pause();
    tail = tail
      .then(() => (wire.isOpen() ? job() : undefined))
      .catch(onError)
      .finally(() => {
        queued -= 1;
        if (ws.isPaused && queued <= MAX_QUEUED) ws.resume();
      });
  };
}

/** The frame's text as an envelope; a socket that sends anything else is closed. */
function readText(wire: Wire, data: RawData, isBinary: boolean): { type: string } | null {
  if (isBinary || !Buffer.isBuffer(data)) {
    wire.close(4400, { message: 'binary frames are not taken' });
    return null;
  }
  try {
    return readEnvelope(data.toString());
  } catch (error) {
    const { message } = toMooringError(error);
    wire.close(4400, { message });
    return null;
  }
}

/** The client's own id of a frame that may be anything else but well-formed. */
const idOf = (frame: object): string | null =>
  'id' in frame && typeof frame.id === 'string' && frame.id.length <= 200 ? frame.id : null;

const tooManyFrames = (waitMs: number): MooringError =>
  new MooringError('rate_limited', 'Too many frames.', { details: { retry_after_ms: waitMs } });

const tooOld = (): MooringError =>
  new MooringError('auth_failed', 'The token is too old for this socket to go on.');

const FATAL_CODES: Partial<Record<MooringError['code'], CloseCode>> = {
  auth_failed: 4401,
  forbidden: 4403,
  session_closed: 4410,
  session_not_found: 4404,
  rate_limited: 4429,
};
/** What ends a socket that nobody has entered by yet, and is only the answer to a frame later. */
const FATAL_AT_ENTRY: Partial<Record<MooringError['code'], CloseCode>> = {
  unavailable: 1013,
  internal_error: 1011,
};

interface Refusal {
  wire: Wire;
  log: Logger;
  /** the client's own of the frame that is refused */
  id: string | null;
  entered: boolean;
  /** where the error alone does not say it */
  code: CloseCode | undefined;
}

/** Answers with an ERROR frame; some errors end the socket too. */
function refuse({ wire, log, id, entered, code: own }: Refusal, error: MooringError): MooringError {
  if (error.status >= 500) log.error({ err: error.cause ?? error }, 'a frame or a token could not be taken');
  const code = own ?? FATAL_CODES[error.code] ?? (entered ? undefined : FATAL_AT_ENTRY[error.code]);
  const requestId = currentOrigin()?.request_id ?? newId('req');
  wire.sendMoment(errorFrame(error, { fatal: code !== undefined, id, requestId }));
  const retryAfterMs = error.details?.['retry_after_ms'];
  const { message } = error;
  if (code !== undefined)
    wire.close(code, typeof retryAfterMs === 'number' ? { message, retryAfterMs } : { message });
  return error;
}
