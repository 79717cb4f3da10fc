import { execFile } from 'node:child_process';
import { createServer } from 'node:http';
import type { IncomingHttpHeaders } from 'node:http';
import type { AddressInfo } from 'node:net';
import { promisify } from 'node:util';
import { startCollector } from './collector';

/** A process of the built code that calls an agent within a request, and says which OpenTelemetry files it has loaded. */
const CALLS = `
  const { createLogger } = require('./dist/lib/log');
  const { beginRequest, startTraces } = require('./dist/lib/telemetry');
  const { checkHealth } = require('./dist/activities/agents/service-agent');
  const { createGuardedHttp } = require('./dist/lib/guarded-http');
  require('./dist/api/app');
  require('./dist/worker/start');
  const [agent, collector, isAway] = process.argv.slice(1);
  (async () => {
    let complained;
    const complaint = new Promise((resolve) => (complained = resolve));
    const log = createLogger('warn', { write: (line) => complained(line) });
    const stop = collector === undefined ? async () => {} : await startTraces(collector, log);
    const http = createGuardedHttp({ allowLoopback: true });
    const work = beginRequest('req_1', { name: 'test', kind: 'server', fields: {} });
    await work.run(() => checkHealth(http, agent, 1000));
    work.end();
    setTimeout(() => {}, 20_000);
    const line = isAway ? await complaint : '';
    beginRequest('req_2', { name: 'unsent', kind: 'server', fields: {} }).end();
    const before = performance.now();
    await stop();
    await http.close();
    const libraries = Object.keys(require.cache).filter((path) => /@opentelemetry.(sdk|exporter|otlp)/.test(path));
    const stopMs = performance.now() - before;
    console.log(JSON.stringify({ libraries: libraries.length, stopMs, line }));
    process.exit();
  })();
`;

/** The headers that the agent got, and what the process said. */
async function callAgent(...collector: string[]): Promise<{ headers: IncomingHttpHeaders; said: string }> {
  let headers: IncomingHttpHeaders = {};
  const agent = createServer((req, res) => {
    headers = req.headers;
    res.end('{"status":"ok","ready":true}');
  });
  await new Promise<void>((resolve) => agent.listen(0, '127.0.0.1', resolve));
  const { port } = agent.address() as AddressInfo;
  const { stdout } = await promisify(execFile)(
    process.execPath,
    ['-e', CALLS, `http://127.0.0.1:${port}`, ...collector],
    { env: { OTEL_EXPORTER_OTLP_TIMEOUT: '500' } },
  );
  agent.closeAllConnections();
  await new Promise((resolve) => agent.close(resolve));
  return { headers, said: stdout };
}

test('an agent hears of the trace that its call is part of', async () => {
  const collector = await startCollector();
  const { headers } = await callAgent(collector.endpoint);
  const call = collector.spans().find(({ name }) => name === 'GET /health');
  expect(headers['traceparent']).toBe(`00-${call?.traceId ?? ''}-${call?.spanId ?? ''}-01`);
  expect(call?.parentSpanId).toBe(collector.spans().find(({ name }) => name === 'test')?.spanId);
  await collector.close();
});

test('a collector that is away costs its spans and a line in the log, and holds up no stop', async () => {
  const collector = await startCollector();
  await collector.close();
  const { said, headers } = await callAgent(collector.endpoint, 'is away');
  const { line, stopMs } = JSON.parse(said) as { line: string; stopMs: number };
  expect(headers).toHaveProperty('traceparent');
  expect(line).toContain('spans could not be sent to the collector');
  expect(stopMs).toBeLessThan(2_000);
});

test('without a collector there is no header, and none of the libraries is loaded', async () => {
  const { said, headers } = await callAgent();
  expect(headers).not.toHaveProperty('traceparent');
  expect(JSON.parse(said)).toMatchObject({ libraries: 0 });
});
