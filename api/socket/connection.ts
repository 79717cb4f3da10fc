import type { RawData } from 'ws';
import { MooringError } from '../../domain/errors';
import type { CloseCode } from '../../domain/frames';
import type { Logger } from '../../lib/log';
import { createRateLimit } from '../../lib/rate-limit';
import { toMooringError } from '../errors';
import { readEnvelope, readFrame } from './client-frames';
import { errorFrame } from './error-frame';
import { welcome } from './visitor';
import type { ConnectionDeps, Visit, Visitor } from './visitor';
import type { Wire } from './wire';

const MINUTE_MS = 60_000;
/** Frames taken from a socket and not yet answered; above it, nothing more is read from it. */
const MAX_QUEUED = 16;

/** One socket from its opening to its end. Its frames are taken one after the other. */
export function serveConnection(deps: ConnectionDeps, visit: Visit): void {
  const { api, timings, log } = deps;
  const { ws, wire } = visit;
  const frameLimit = createRateLimit({ limit: api.config.MOORING_RATE_LIMIT_FRAMES, windowMs: MINUTE_MS });
  const leave: (() => void)[] = [];
  let visitor: Visitor | null = null;
  let tail = Promise.resolve();
  let queued = 0;

  const inOrder = (job: () => Promise<void>): void => {
    queued += 1;
    if (queued > MAX_QUEUED) ws.pause();
    tail = tail
      .then(() => (wire.isOpen() ? job() : undefined))
      .catch((error: unknown) => refuse({ wire, log }, toMooringError(error)))
      .finally(() => {
        queued -= 1;
        if (ws.isPaused && queued <= MAX_QUEUED) ws.resume();
      });
  };
  const enter = async (token: string): Promise<void> => {
    clearTimeout(authTimer);
    try {
      visitor = await welcome(deps, visit, { token, leave });
    } catch (thrown) {
      const error = toMooringError(thrown);
      log.warn({ err: error.cause ?? error }, 'a socket could not be let in');
      wire.close(error.code === 'unavailable' ? 1013 : 1011);
    }
  };
  const countFrame = (): boolean => {
    const waitMs = frameLimit.take('');
    if (waitMs > 0) refuse({ wire, log }, tooManyFrames(waitMs));
    return waitMs === 0;
  };

  const authTimer = setTimeout(() => wire.close(4408, { message: 'no auth in time' }), timings.authMs);
  const ageTimer = setTimeout(() => wire.close(4401, { message: 'the token is too old' }), timings.maxAgeMs);
  const { token } = visit;
  if (token !== null) inOrder(() => enter(token));

  ws.on('message', (data, isBinary) => {
    if (!wire.isOpen() || !countFrame()) return;
    inOrder(async () => {
      const frame = readText(wire, data, isBinary);
      if (frame === null) return;
      if (visitor !== null) {
        return visitor.take(frame).catch((error: unknown) => {
          refuse({ wire, log, id: idOf(frame) }, toMooringError(error));
        });
      }
      const auth = readFrame(frame);
      if (auth.type === 'AUTH') await enter(auth.data.token);
      else wire.close(4401, { message: 'the first frame must be AUTH' });
    });
  });
  ws.on('ping', () => void countFrame());
  ws.once('close', () => {
    clearTimeout(authTimer);
    clearTimeout(ageTimer);
    for (const undo of leave.splice(0)) undo();
  });
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

const FATAL_CODES: Partial<Record<MooringError['code'], CloseCode>> = {
  session_closed: 4410,
  session_not_found: 4404,
  rate_limited: 4429,
};

/** Answers with an ERROR frame; some errors end the socket too. */
function refuse(
  { wire, log, id }: { wire: Wire; log: Logger; id?: string | null },
  error: MooringError,
): void {
  if (error.code === 'internal_error') log.error({ err: error.cause }, 'a frame could not be taken');
  const code = FATAL_CODES[error.code];
  wire.sendMoment(errorFrame(error, { fatal: code !== undefined, id: id ?? null }));
  const retryAfterMs = error.details?.['retry_after_ms'];
  if (code !== undefined) wire.close(code, typeof retryAfterMs === 'number' ? { retryAfterMs } : {});
}
