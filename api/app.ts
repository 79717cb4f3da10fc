import { setMaxListeners } from 'node:events';
import { createServer } from 'node:http';
import type { Server } from 'node:http';
import express from 'express';
import type { Express } from 'express';
import helmet from 'helmet';
import type { Database } from '../db/database';
import { MooringError } from '../domain/errors';
import { networkKeys } from '../lib/api-key';
import { createApprovalLinks } from '../lib/approval-links';
import { createCircle } from '../lib/circle';
import { createCircleSignature } from '../lib/circle-signature';
import { createGuardedHttp } from '../lib/guarded-http';
import type { Bus } from '../lib/bus';
import { publicUrlOf } from '../lib/config';
import type { Config } from '../lib/config';
import type { Logger } from '../lib/log';
import { createRateLimit } from '../lib/rate-limit';
import type { RateLimit } from '../lib/rate-limit';
import { createSeal } from '../lib/seal';
import { circleAccess } from '../lib/wallet-settings';
import { createCallers } from './auth/caller';
import { createTokens } from './auth/tokens';
import { jsonBody } from './body';
import type { ApiContext } from './context';
import { errorHandler } from './errors';
import { createOneByOne } from './one-by-one';
import { createOrigins } from './origin';
import type { Origins } from './origin';
import { pageRoutes } from './pages';
import { createPlaces } from './places';
import { readQuery } from './query';
import { traceRequests } from './request';
import { accountRoutes } from './routes/account';
import { agentRoutes } from './routes/agents';
import { approveRoutes } from './routes/approve';
import { authRoutes } from './routes/auth';
import { callbackRoutes } from './routes/callbacks';
import { devMailRoutes } from './routes/dev-mail';
import { earningsRoutes } from './routes/earnings';
import { keyRoutes } from './routes/keys';
import { artifactUpload } from './network/artifacts';
import { countBadKeys } from './network/bad-keys';
import { publishedHeaders } from './network/headers';
import { networkRoutes } from './network/routes';
import { operationRoutes } from './routes/operations';
import { paymentRoutes } from './routes/payments';
import { statementRoutes } from './routes/statement';
import { taskRoutes } from './routes/tasks';
import { receiptRoutes } from './routes/receipts';
import { sessionLogRoutes } from './routes/session-log';
import { sessionRoutes } from './routes/sessions';
import { unknownPaymentRoutes } from './routes/unknown-payments';
import { walletNotificationRoutes } from './routes/wallet-notifications';
import { walletRoutes } from './routes/wallet';
import { createSocketServer } from './socket/server';
import { SOCKET_TIMINGS } from './socket/timings';
import type { SocketTimings } from './socket/timings';
import { createWatch } from './watch';

const MINUTE_MS = 60_000;
const DRAIN_MS = 1_000;
const WAITS_OF_A_PERSON = 20;

export interface ApiDeps {
  config: Config;
  /** the master secret; each class of tokens gets a key of its own from it */
  secret: string;
  db: Database;
  bus: Bus;
  log: Logger;
  /** What is missing before requests can be served well; [] when nothing is. */
  ready: () => Promise<string[]>;
  /** the folder of the built pages */
  webRoot: string | null;
  /** shorter ones for tests */
  timings?: Partial<SocketTimings>;
}

/** What comes in: pages, REST and sockets of one process. Nothing listens until the caller says where. */
export function createApi(deps: ApiDeps): { server: Server; close: () => Promise<void> } {
  const drain = new AbortController();
  // As many listen as there are polls that wait; each leaves when it is answered.
  setMaxListeners(0, drain.signal);
  const timings = { ...SOCKET_TIMINGS, ...deps.timings };
  const api = createContext(deps, { draining: drain.signal, checkMs: timings.checkMs });
  const server = createServer({ headersTimeout: 10_000, requestTimeout: 30_000 }, createApp(deps, api));
  const sockets = createSocketServer({ api, log: deps.log, timings });
  server.on('upgrade', sockets.upgrade);
  return {
    server,
    async close() {
      drain.abort();
      api.watch.close();
      await Promise.all([sockets.close(), closeServer(server)]);
      await api.http.close();
    },
  };
}

function createContext(
  { config, secret, db, bus, log }: ApiDeps,
  { draining, checkMs }: { draining: AbortSignal; checkMs: number },
): ApiContext {
  const tokens = createTokens(secret);
  return {
    config,
    db,
    tokens,
    ...createCallers({ db, tokens }),
    origins: createOrigins(config),
    watch: createWatch({ db, bus, log, checkMs }),
    messageLimit: perMinute(config.MOORING_RATE_LIMIT_MESSAGES),
    oneByOne: createOneByOne(),
    signInLimit: perMinute(config.MOORING_RATE_LIMIT_SIGN_INS),
    sessionLimit: perMinute(config.MOORING_RATE_LIMIT_SESSIONS),
    keyLimit: perMinute(config.MOORING_RATE_LIMIT_KEYS),
    listingLimit: perMinute(config.MOORING_RATE_LIMIT_LISTINGS),
    lookLimit: perMinute(config.MOORING_RATE_LIMIT_LOOKS),
    seal: createSeal(secret),
    approvalLimit: perMinute(config.MOORING_RATE_LIMIT_APPROVALS),
    callbackLimit: perMinute(config.MOORING_RATE_LIMIT_CALLBACKS),
    links: createApprovalLinks(secret, publicUrlOf(config)),
    http: createGuardedHttp({ allowLoopback: config.MOORING_ALLOW_LOOPBACK }),
    network: {
      keys: networkKeys(secret),
      withKey: countBadKeys(perMinute(config.MOORING_RATE_LIMIT_BAD_KEYS)),
      registerLimit: createRateLimit({
        limit: config.MOORING_RATE_LIMIT_REGISTRATIONS,
        windowMs: 60 * MINUTE_MS,
      }),
      readLimit: perMinute(config.MOORING_RATE_LIMIT_NETWORK_READS),
      writeLimit: perMinute(config.MOORING_RATE_LIMIT_NETWORK_WRITES),
    },
    pollPlaces: createPlaces(WAITS_OF_A_PERSON),
    draining,
  };
}

const perMinute = (limit: number): RateLimit => createRateLimit({ limit, windowMs: MINUTE_MS });

function createApp({ log, ready, webRoot }: ApiDeps, api: ApiContext): Express {
  const app = express();
  app.disable('etag');
  app.set('query parser', readQuery);
  app.use(traceRequests(log), secureHeaders(api.origins));
  app.use(operationRoutes(ready));
  app.use(['/api', '/dev', '/v1'], (_req, res, next) => {
    res.set('Cache-Control', 'no-store');
    next();
  });
  app.use('/v1', publishedHeaders(api.config.MOORING_REGION));
  // U+0000 is refused by PostgreSQL: nothing has such a name. A chat says so in its own words.
  app.use(['/api/tasks', '/api/agents', '/v1'], (req, _res, next) => {
    if (req.path.includes('%00')) throw new MooringError('not_found', 'There is nothing here.');
    next();
  });
  // What is signed is the bytes.
  app.use(callbackRoutes(api));
  if (api.config.MOORING_WALLET === 'circle') {
    const circle = createCircle(circleAccess(api.config).access);
    app.use(walletNotificationRoutes(api, { signature: createCircleSignature(circle), log }));
  }
  // Its body is a file, not JSON.
  app.use('/v1', artifactUpload(api));
  app.use(['/api', '/dev', '/v1'], jsonBody());
  app.use('/v1', networkRoutes(api));
  app.use(
    authRoutes(api),
    keyRoutes(api),
    accountRoutes(api),
    walletRoutes(api),
    statementRoutes(api),
    earningsRoutes(api),
    paymentRoutes(api),
    receiptRoutes(api, webRoot),
    agentRoutes(api),
  );
  app.use(sessionRoutes(api), sessionLogRoutes(api));
  app.use(taskRoutes(api), unknownPaymentRoutes(api));
  app.use(devMailRoutes(api, webRoot), approveRoutes(api, webRoot));
  app.use(pageRoutes(webRoot));
  app.use(() => {
    throw new MooringError('not_found', 'There is nothing here.');
  });
  app.use(errorHandler(log));
  return app;
}

/** Pages run our own scripts and talk to us only. */
function secureHeaders(origins: Origins) {
  return helmet({
    contentSecurityPolicy: {
      useDefaults: false,
      directives: {
        defaultSrc: ["'self'"],
        baseUri: ["'none'"],
        connectSrc: ["'self'", (req) => origins.base(req).replace(/^http/, 'ws')],
        fontSrc: ["'self'"],
        formAction: ["'self'"],
        frameAncestors: ["'none'"],
        imgSrc: ["'self'", 'data:'],
        objectSrc: ["'none'"],
        scriptSrc: ["'self'"],
        styleSrc: ["'self'"],
      },
    },
  });
}

/** Idle connections end at once, busy ones get a moment. */
async function closeServer(server: Server): Promise<void> {
  if (!server.listening) return;
  const closed = new Promise<void>((resolve) => server.close(() => resolve()));
  server.closeIdleConnections();
  const timer = setTimeout(() => server.closeAllConnections(), DRAIN_MS);
  await closed;
  clearTimeout(timer);
}
