import type { SocketEnd } from './delays';
import { ApiError } from './errors';
import { readFrame } from './frames';
import type { ErrorData, Frame } from './frames';
import { isRecord, readJson } from './json';
import type { Outbox, Outgoing } from './outbox';
import type { SocketConstructor, SocketLike, Timer } from './platform';
import type { Reader } from './reader';
import { watchSilence } from './silence';

/** Closed by ourselves, since a row of the log was missing. */
export const GAP = 4900;
const BROKEN = 1006;
const RESEND_MS = 1_000;

export interface Visit {
  WebSocket: SocketConstructor;
  url: string;
  token: string;
  reader: Reader;
  outbox: Outbox;
  openMs: number;
  silentMs: number;
  /** the log has rows that should have come by this socket */
  isBehind: () => Promise<boolean>;
  signal: AbortSignal;
  /** The server has said SESSION_READY; `send` is for what is sent from now on. */
  onReady: (send: (entry: Outgoing) => void) => void;
}

/** One socket, from its opening to its end. */
export function visitBySocket(visit: Visit): Promise<SocketEnd> {
  return new Promise((resolve) => {
    const socket = new visit.WebSocket(`${visit.url}?after_seq=${visit.reader.lastSeq()}`, [
      'mooring',
      `bearer.${visit.token}`,
    ]);
    let opened = false;
    let ended = false;
    let resend: Timer | undefined;
    const end = (code: number, reason: unknown): void => {
      if (ended) return;
      ended = true;
      clearTimeout(openTimer);
      clearTimeout(resend);
      silence.stop();
      visit.signal.removeEventListener('abort', leave);
      resolve({ opened, code, retryAfterMs: retryAfter(reason) });
    };
    const quit = (code: number): void => {
      end(code, undefined);
      // A socket that is still opening cannot be closed with a code everywhere.
      socket.close();
    };
    const leave = (): void => quit(1000);
    const silence = watchSilence({
      silentMs: visit.silentMs,
      // What we sent is answered at once by a server that hears us.
      isDead: async () => visit.outbox.open().length > 0 || visit.isBehind(),
      end: () => quit(BROKEN),
    });
    const openTimer = setTimeout(() => quit(BROKEN), visit.openMs);
    visit.signal.addEventListener('abort', leave);

    const sayLater = (ms: number): void => {
      clearTimeout(resend);
      resend = setTimeout(desk.sendAll, ms);
    };
    const desk = createDesk(socket, visit, { sayLater, sent: silence.stir });
    socket.onopen = () => {
      opened = true;
      silence.stir();
      clearTimeout(openTimer);
    };
    socket.onmessage = (event: { data: unknown }) => {
      if (ended) return;
      silence.stir();
      const frame = readFrame(readJson(String(event.data)));
      if (frame !== null && desk.take(frame) === 'gap') quit(GAP);
    };
    socket.onerror = () => undefined; // a close follows
    socket.onclose = (event: { code: number; reason: unknown }) => end(event.code, event.reason);
    if (visit.signal.aborted) leave();
  });
}

/** What goes out over one socket and what comes in. Each of our frames is answered by an ACK or an ERROR that names it. */
function createDesk(
  socket: SocketLike,
  { reader, outbox, onReady }: Visit,
  { sayLater, sent }: { sayLater: (ms: number) => void; sent: () => void },
) {
  const send = ({ frame }: Outgoing): void => {
    socket.send(JSON.stringify(frame));
    sent();
  };
  const sendAll = (): void => outbox.open().forEach(send);
  return {
    sendAll,
    take(frame: Frame): 'taken' | 'known' | 'gap' {
      if (frame.type === 'ACK') outbox.settle(frame.data.for, frame.data.seq);
      if (frame.type === 'ERROR' && frame.seq === undefined && !frame.data.fatal) {
        const { for: refused, retryable } = frame.data;
        if (refused !== undefined && retryable) sayLater(frame.data.retry_after_ms ?? RESEND_MS);
        else if (refused !== undefined) outbox.refuse(refused, refusal(frame.data));
      }
      const fate = reader.take(frame);
      if (frame.type === 'SESSION_READY') {
        sendAll();
        onReady(send);
      }
      return fate;
    },
  };
}

const refusal = ({ code, message, request_id: requestId }: ErrorData): ApiError =>
  new ApiError(409, { code, message, requestId });

/** Seconds to wait, from the JSON in a close reason. */
function retryAfter(reason: unknown): number | null {
  const said = readJson(String(reason));
  const seconds = isRecord(said) ? said['retry_after'] : undefined;
  return typeof seconds === 'number' && seconds >= 0 ? seconds * 1_000 : null;
}
