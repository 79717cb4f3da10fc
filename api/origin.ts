import type { IncomingMessage } from 'node:http';
import type { Config } from '../lib/config';

const LOOPBACK_NAMES = ['127.0.0.1', 'localhost', '[::1]'];

/** Where people reach this API, as far as a request can tell. */
export interface Origins {
  /** Absent, or one of ours: a page of another site may not act for a person. */
  allows: (req: IncomingMessage) => boolean;
  /** Origin for links in an answer to this request. */
  base: (req: IncomingMessage) => string;
  /** Nothing stands between this machine and the caller: what is open in development is open to them only. */
  isDevelopmentDoor: (req: IncomingMessage) => boolean;
}

export function createOrigins(config: Config): Origins {
  const publicOrigin =
    config.MOORING_PUBLIC_URL === undefined ? null : new URL(config.MOORING_PUBLIC_URL).origin;
  const own = (req: IncomingMessage): string[] => {
    const loopback = LOOPBACK_NAMES.map((name) => `http://${name}:${req.socket.localPort}`);
    if (publicOrigin === null) return loopback;
    return config.MOORING_ENV === 'production' ? [publicOrigin] : [publicOrigin, ...loopback];
  };
  const allows = (req: IncomingMessage): boolean => {
    const { origin } = req.headers;
    return origin === undefined || own(req).includes(origin);
  };
  return {
    allows,
    base(req) {
      // The name the page was opened by, so that its content policy lets it connect back.
      const asked = `http://${req.headers.host}`;
      return publicOrigin ?? (own(req).includes(asked) ? asked : `http://127.0.0.1:${req.socket.localPort}`);
    },
    isDevelopmentDoor: (req) =>
      config.MOORING_ENV === 'development' &&
      isLoopbackAddress(req.socket.remoteAddress) &&
      LOOPBACK_NAMES.includes((req.headers.host ?? '').replace(/:\d+$/, '')) &&
      allows(req) &&
      !Object.keys(req.headers).some(isForwarding),
  };
}

const isLoopbackAddress = (address = ''): boolean =>
  address === '::1' || /^(::ffff:)?127\.\d+\.\d+\.\d+$/.test(address);

const isForwarding = (header: string): boolean =>
  header.startsWith('x-forwarded') || ['forwarded', 'via', 'x-real-ip', 'cf-connecting-ip'].includes(header);
