import type { IncomingMessage } from 'node:http';
import type { Duplex } from 'node:stream';
import { WebSocketServer } from 'ws';
import type { WebSocket } from 'ws';
import { SOCKET_LIMITS } from '../../domain/frames';
import { newId } from '../../lib/ids';
import type { Logger } from '../../lib/log';
import { metrics } from '../../lib/metrics';
import type { ApiContext } from '../context';
import { createPlaces } from '../places';
import { chatFields } from '../request';
import { serveConnection } from './connection';
import { chooseProtocol, readHandshake } from './handshake';
import type { SocketTimings } from './timings';
import { createWire } from './wire';
import type { Wire } from './wire';

/** Beyond its places, an address gets a reason at so many more sockets; then it is cut off unheard. */
const REFUSALS_OF_AN_IP = 20;
const DRAIN_MS = 700;

// In a variable, since the types of ws do not know maxFragments yet.
const LIMITS = {
  noServer: true,
  maxPayload: SOCKET_LIMITS.frameBytes.limit,
  maxFragments: SOCKET_LIMITS.fragments.limit,
  perMessageDeflate: false,
  handleProtocols: chooseProtocol,
};

interface SocketServerDeps {
  api: ApiContext;
  log: Logger;
  timings: SocketTimings;
}

export interface SocketServer {
  upgrade: (req: IncomingMessage, socket: Duplex, head: Buffer) => void;
  /** Tells all sockets that we leave (1012) and waits until they are gone, less than a second. */
  close: () => Promise<void>;
}

export function createSocketServer(deps: SocketServerDeps): SocketServer {
  const { api, log, timings } = deps;
  const wss = new WebSocketServer({ ...LIMITS, clientTracking: false });
  const requestIds = new WeakMap<IncomingMessage, string>();
  wss.on('headers', (headers, req) => void headers.push(`X-Request-Id: ${requestIds.get(req) ?? ''}`));
  const places = createPlaces(api.config.MOORING_RATE_LIMIT_SOCKETS_PER_CHAT);
  const placesByIp = createPlaces(api.config.MOORING_RATE_LIMIT_SOCKETS_PER_IP);
  const refusalsByIp = createPlaces(REFUSALS_OF_AN_IP);

  const { open, keep, stop } = openSockets(deps);

  return {
    upgrade(req, socket, head) {
      socket.on('error', () => socket.destroy());
      const requestId = newId('req');
      requestIds.set(req, requestId);
      const refuse = (status: string): void => {
        log.info({ request_id: requestId, status }, 'socket refused');
        answer(socket, status, requestId);
      };
      const handshake = readHandshake(req);
      if (handshake === null) return refuse('404 Not Found');
      if (!api.origins.allows(req)) return refuse('403 Forbidden');
      if (api.draining.aborted) return refuse('503 Service Unavailable');
      const ip = req.socket.remoteAddress ?? '';
      const place = placesByIp.take(ip);
      const giveBack = place ?? refusalsByIp.take(ip);
      if (giveBack === null) return refuse('429 Too Many Requests');
      socket.once('close', giveBack);
      wss.handleUpgrade(req, socket, head, (ws) => {
        const { sessionId } = handshake;
        const wire = createWire(ws, { sessionId, graceMs: timings.graceMs });
        keep(ws, wire);
        const ids = { request_id: requestId, ...chatFields(sessionId) };
        ws.once('close', (code) => log.info({ ...ids, code, sent: wire.closedWith() }, 'socket closed'));
        if (place !== null) serveConnection({ api, log, timings, places }, { ws, wire, ...handshake });
        else wire.close(4429, { message: 'too many sockets from this address', retryAfterMs: 10_000 });
      });
    },
    async close() {
      stop();
      const gone = [...open].map(([ws, { wire }]) => {
        wire.close(1012);
        return new Promise((resolve) => ws.once('close', resolve));
      });
      const cut = setTimeout(() => [...open.keys()].forEach((ws) => ws.terminate()), DRAIN_MS);
      await Promise.all(gone);
      clearTimeout(cut);
      wss.close();
    },
  };
}

interface OpenSockets {
  open: Map<WebSocket, { wire: Wire; heardAt: number }>;
  keep: (ws: WebSocket, wire: Wire) => void;
  stop: () => void;
}

/** The sockets that are open: counted, pinged, and ended when nothing is heard of them. */
function openSockets({ log, timings }: SocketServerDeps): OpenSockets {
  const open: OpenSockets['open'] = new Map();
  const heartbeat = setInterval(() => {
    for (const [ws, { wire, heardAt }] of open) {
      if (performance.now() - heardAt > timings.pongMs) wire.close(4408, { message: 'no pong in time' });
      else if (wire.isOpen()) ws.ping();
    }
  }, timings.pingMs);

  const keep = (ws: WebSocket, wire: Wire): void => {
    const state = { wire, heardAt: performance.now() };
    open.set(ws, state);
    metrics.socketsOpen.inc();
    const hear = (): void => void (state.heardAt = performance.now());
    ws.on('pong', hear);
    ws.on('message', hear);
    ws.on('error', (error) => log.debug({ err: error }, 'socket'));
    ws.once('close', () => {
      open.delete(ws);
      metrics.socketsOpen.dec();
    });
  };
  return { open, keep, stop: () => clearInterval(heartbeat) };
}

/** Refuses before there is a socket. */
function answer(socket: Duplex, status: string, requestId: string): void {
  socket.once('finish', () => socket.destroy());
  const headers = `X-Request-Id: ${requestId}\r\nConnection: close\r\nContent-Length: 0`;
  socket.end(`HTTP/1.1 ${status}\r\n${headers}\r\n\r\n`);
}
