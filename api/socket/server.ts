import type { IncomingMessage } from 'node:http';
import type { Duplex } from 'node:stream';
import { WebSocketServer } from 'ws';
import type { WebSocket } from 'ws';
import type { Logger } from '../../lib/log';
import type { ApiContext } from '../context';
import { createPlaces } from '../places';
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
  maxPayload: 64 * 1024,
  maxFragments: 32,
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
  const open = new Map<WebSocket, { wire: Wire; heardAt: number }>();
  const places = createPlaces(api.config.MOORING_RATE_LIMIT_SOCKETS_PER_CHAT);
  const placesByIp = createPlaces(api.config.MOORING_RATE_LIMIT_SOCKETS_PER_IP);
  const refusalsByIp = createPlaces(REFUSALS_OF_AN_IP);

  const heartbeat = setInterval(() => {
    for (const [ws, { wire, heardAt }] of open) {
      if (performance.now() - heardAt > timings.pongMs) wire.close(4408, { message: 'no pong in time' });
      else if (wire.isOpen()) ws.ping();
    }
  }, timings.pingMs);

  const keep = (ws: WebSocket, wire: Wire): void => {
    const state = { wire, heardAt: performance.now() };
    open.set(ws, state);
    api.metrics.socketsOpen.inc();
    const hear = (): void => void (state.heardAt = performance.now());
    ws.on('pong', hear);
    ws.on('message', hear);
    ws.on('error', (error) => log.debug({ err: error }, 'socket'));
    ws.once('close', () => {
      open.delete(ws);
      api.metrics.socketsOpen.dec();
    });
  };

  return {
    upgrade(req, socket, head) {
      socket.on('error', () => socket.destroy());
      const handshake = readHandshake(req);
      if (handshake === null) return answer(socket, '404 Not Found');
      if (!api.origins.allows(req)) return answer(socket, '403 Forbidden');
      if (api.draining.aborted) return answer(socket, '503 Service Unavailable');
      const ip = req.socket.remoteAddress ?? '';
      const place = placesByIp.take(ip);
      const giveBack = place ?? refusalsByIp.take(ip);
      if (giveBack === null) return answer(socket, '429 Too Many Requests');
      socket.once('close', giveBack);
      wss.handleUpgrade(req, socket, head, (ws) => {
        const { sessionId } = handshake;
        const wire = createWire(ws, { sessionId, graceMs: timings.graceMs });
        keep(ws, wire);
        ws.once('close', (code) => log.info({ session: sessionId, code }, 'socket closed'));
        if (place !== null) serveConnection({ api, log, timings, places }, { ws, wire, ...handshake });
        else wire.close(4429, { message: 'too many sockets from this address', retryAfterMs: 10_000 });
      });
    },
    async close() {
      clearInterval(heartbeat);
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

/** Refuses before there is a socket. */
function answer(socket: Duplex, status: string): void {
  socket.once('finish', () => socket.destroy());
  socket.end(`HTTP/1.1 ${status}\r\nConnection: close\r\nContent-Length: 0\r\n\r\n`);
}
