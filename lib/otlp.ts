import type { Logger } from './log';
import type { FinishedSpan, SpanSink } from './telemetry';

/** A process that is killed loses what it has not sent; so it sends twice a second, not each five. */
const SEND_EVERY_MS = 500;
const STOP_WITHIN_MS = 1_000;
const COMPLAIN_EVERY_MS = 60_000;

/**
 * Spans to an OTLP collector, as JSON over HTTP. The libraries are loaded here, when there is a collector. The provider
 * is ours alone and not the global one, so no library adds spans of its own with what it has seen. Headers, time limit
 * and resource follow the standard OTEL_ variables.
 */
export async function createOtlpSink(endpoint: string, log: Logger): Promise<SpanSink> {
  const [api, otlp, resources, sdk] = await Promise.all([
    import('@opentelemetry/api'),
    import('@opentelemetry/exporter-trace-otlp-http'),
    import('@opentelemetry/resources'),
    import('@opentelemetry/sdk-trace-node'),
  ]);
  const { ROOT_CONTEXT, SpanKind, SpanStatusCode, trace, TraceFlags } = api;
  const kinds: Record<FinishedSpan['kind'], number> = {
    internal: SpanKind.INTERNAL,
    server: SpanKind.SERVER,
    client: SpanKind.CLIENT,
    producer: SpanKind.PRODUCER,
    consumer: SpanKind.CONSUMER,
  };
  const say = complaints(log, endpoint);
  const quiet = (): void => undefined;
  const voices = { error: say, warn: say, info: quiet, debug: quiet, verbose: quiet };
  api.diag.setLogger(voices, api.DiagLogLevel.WARN);

  let next = { traceId: '', spanId: '' };
  const exporter = new otlp.OTLPTraceExporter({ url: `${endpoint.replace(/\/+$/, '')}/v1/traces` });
  const provider = new sdk.NodeTracerProvider({
    resource: resources
      .resourceFromAttributes({ 'service.name': 'mooring' })
      .merge(resources.detectResources({ detectors: [resources.envDetector] })),
    sampler: new sdk.AlwaysOnSampler(),
    idGenerator: { generateTraceId: () => next.traceId, generateSpanId: () => next.spanId },
    spanProcessors: [new sdk.BatchSpanProcessor(exporter, { scheduledDelayMillis: SEND_EVERY_MS })],
  });
  const tracer = provider.getTracer('mooring');
  const under = (traceId: string, spanId: string) =>
    trace.setSpanContext(ROOT_CONTEXT, { traceId, spanId, traceFlags: TraceFlags.SAMPLED, isRemote: true });

  return {
    record({ place, parentId, name, kind, startMs, endMs, attributes, error }) {
      next = place;
      const parent = parentId === null ? ROOT_CONTEXT : under(place.traceId, parentId);
      const span = tracer.startSpan(name, { kind: kinds[kind], startTime: startMs, attributes }, parent);
      if (error !== null) {
        span.setAttribute('error.type', error);
        span.setStatus({ code: SpanStatusCode.ERROR, message: error });
      }
      span.end(endMs);
    },
    async stop() {
      const timeout = new Promise<void>((resolve) => setTimeout(resolve, STOP_WITHIN_MS).unref());
      await Promise.race([provider.shutdown().catch(() => undefined), timeout]);
    },
  };
}

/** A collector that is away costs its spans, and a line now and then. */
function complaints(log: Logger, endpoint: string): (message: string) => void {
  let saidAt = Number.NEGATIVE_INFINITY;
  return (message) => {
    if (performance.now() - saidAt < COMPLAIN_EVERY_MS) return;
    saidAt = performance.now();
    // Errors come as JSON with a stack.
    const reason = /"message":"([^"]*)"/.exec(message)?.[1] ?? message;
    log.warn({ endpoint, reason: reason.slice(0, 200) }, 'spans could not be sent to the collector');
  };
}
