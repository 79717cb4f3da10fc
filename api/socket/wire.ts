import type { WebSocket } from 'ws';
import { CLOSE_CODES, SOCKET_LIMITS } from '../../domain/frames';
import type { CloseCode, Envelope, LoggedFrame, MomentFrame, ServerFrame } from '../../domain/frames';
import { newId } from '../../lib/ids';
import { metrics } from '../../lib/metrics';

const { congestedBytes, unreadBytes } = SOCKET_LIMITS;

export interface CloseReason {
  message?: string;
  retryAfterMs?: number;
}

/** One socket, as the rest of the API sees it: frames go in, and it ends with a code and a reason. */
export interface Wire {
  isOpen: () => boolean;
  sendLogged: (frame: LoggedFrame) => void;
  sendMoment: (frame: MomentFrame) => void;
  /** Resolves when what was sent has mostly been taken by the other side, or the socket has ended. */
  flushed: () => Promise<void>;
  close: (code: CloseCode, reason?: CloseReason) => void;
  /** What we closed it with; a reader who was cut off has not seen it. Null: not by us. */
  closedWith: () => CloseCode | null;
}

export function createWire(
  ws: WebSocket,
  { sessionId, graceMs }: { sessionId: string; graceMs: number },
): Wire {
  let closing = false;
  let closedWith: CloseCode | null = null;
  const waiting: (() => void)[] = [];

  const isCongested = (): boolean => ws.bufferedAmount > congestedBytes.limit;
  const wake = (): void => {
    if (isOpen() && isCongested()) return;
    for (const resume of waiting.splice(0)) resume();
  };
  const isOpen = (): boolean => !closing && ws.readyState === ws.OPEN;

  const endWith = nameOwnCloses(ws);
  const close: Wire['close'] = (code, reason = {}) => {
    if (closing) return;
    closing = true;
    closedWith = code;
    wake();
    if (ws.readyState === ws.CLOSED) return;
    endWith(code, reasonText(code, reason));
    const timer = setTimeout(() => ws.terminate(), graceMs);
    ws.once('close', () => clearTimeout(timer));
  };
  const send = (frame: ServerFrame): void => {
    if (!isOpen()) return;
    ws.send(JSON.stringify(frame), wake);
    metrics.framesSent.inc({ type: frame.type });
    if (ws.bufferedAmount > unreadBytes.limit) close(4408, { message: '1 MiB unread' });
  };
  ws.once('close', () => {
    closing = true;
    wake();
  });

  return {
    isOpen,
    sendLogged: send,
    sendMoment(frame) {
      // Deltas are for the eye: whoever lags is better off without them.
      if (frame.type === 'AGENT_DELTA' && isCongested()) return;
      const envelope: Envelope = {
        v: 1,
        id: newId('evt'),
        ts: new Date().toISOString(),
        session_id: sessionId,
      };
      send({ ...envelope, ...frame });
    },
    async flushed() {
      if (!isOpen() || !isCongested()) return;
      await new Promise<void>((resolve) => waiting.push(resolve));
    },
    close,
    closedWith: () => closedWith,
  };
}

/** A close frame holds 123 bytes of reason. */
function reasonText(code: CloseCode, { message, retryAfterMs }: CloseReason): string {
  const { meaning, reconnect } = CLOSE_CODES[code];
  const retry = retryAfterMs === undefined ? {} : { retry_after: Math.ceil(retryAfterMs / 1000) };
  const full = JSON.stringify({ reason: message ?? meaning, reconnect, ...retry });
  return Buffer.byteLength(full) <= 123 ? full : JSON.stringify({ reconnect, ...retry });
}

/**
 * `ws` closes by itself what breaks the protocol, through the socket's own `close` and with codes of the standard.
 * A frame that is too large, and one in too many pieces, get the codes of our contract instead.
 */
function nameOwnCloses(ws: WebSocket): (code: number, reason: string) => void {
  const close = ws.close.bind(ws);
  const named: Partial<Record<number, CloseCode>> = { 1007: 1007, 1008: 4400, 1009: 4413 };
  ws.close = (code = 1000, reason = '') => {
    const own = named[code];
    if (own === undefined) close(code, reason);
    else close(own, reasonText(own, { message: CLOSE_CODES[own].meaning }));
  };
  return close;
}
