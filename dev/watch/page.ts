import { join } from 'node:path';

/** What the platform answers; everything else is a page or a part of one. */
const OF_PLATFORM = ['/api', '/ws', '/dev', '/healthz', '/readyz', '/metrics'];

export interface PageServer {
  stop: () => Promise<void>;
}

/** Vite as the server of the pages: what is changed shows in open pages at once. */
export async function servePages(options: {
  port: number;
  api: string;
  dataDir: string;
}): Promise<PageServer> {
  const { createLogger, createServer } = await import('vite');
  const logger = createLogger();
  const error = logger.error.bind(logger);
  // While the platform starts anew nobody answers there; open pages try again by themselves.
  logger.error = (text, options) => (/ proxy error: /.test(text) ? undefined : error(text, options));
  const target = { target: options.api, ws: true };
  const server = await createServer({
    root: 'web',
    configFile: join('web', 'vite.config.mts'),
    cacheDir: join(options.dataDir, 'vite'),
    clearScreen: false,
    customLogger: logger,
    server: {
      host: '127.0.0.1',
      port: options.port,
      strictPort: true,
      proxy: Object.fromEntries(OF_PLATFORM.map((path) => [`^${path}(?=[/?]|$)`, target])),
    },
  });
  await server.listen();
  return { stop: () => server.close() };
}
