import { collectDefaultMetrics, Counter, Gauge, Registry } from 'prom-client';

export type Metrics = ReturnType<typeof createMetrics>;

/** What the API counts, and what prom-client knows of any process (CPU, memory, event loop, GC). One registry an API, so that two of them in a process (tests) do not mix. */
export function createMetrics() {
  const registry = new Registry();
  collectDefaultMetrics({ register: registry });
  const registers = [registry];
  return {
    registry,
    httpRequests: new Counter({
      name: 'mooring_http_requests_total',
      help: 'HTTP requests answered',
      labelNames: ['method', 'route', 'status'] as const,
      registers,
    }),
    socketsOpen: new Gauge({ name: 'mooring_sockets_open', help: 'Chat sockets that are open', registers }),
    messagesAccepted: new Counter({
      name: 'mooring_messages_accepted_total',
      help: 'Messages of people that became facts, by the way they came',
      labelNames: ['way'] as const,
      registers,
    }),
  };
}
