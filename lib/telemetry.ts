import { AsyncLocalStorage } from 'node:async_hooks';
import { randomBytes } from 'node:crypto';
import { readTraceparent, workflowPlace, writeTraceparent } from '../domain/origin';
import type { Origin, Place } from '../domain/origin';
import type { Logger } from './log';
import { createOtlpSink } from './otlp';

/**
 * Which request a piece of work goes back to, for log lines, errors and rows, and its spans while traces are on.
 * A span is recorded when it ends; its ids are made here, so they can be told to others before. Spans carry names,
 * ids and numbers, never what anybody wrote. Off, this file loads nothing and a span is one comparison.
 */
export type Attributes = Record<string, string | number | boolean>;
export type SpanKind = 'internal' | 'server' | 'client' | 'producer' | 'consumer';

export interface FinishedSpan {
  place: Place;
  parentId: string | null;
  name: string;
  kind: SpanKind;
  startMs: number;
  endMs: number;
  attributes: Attributes;
  /** its code, never its words */
  error: string | null;
}

export interface SpanSink {
  record: (span: FinishedSpan) => void;
  /** Sends what is left, for at most a second. */
  stop: () => Promise<void>;
}

/** A request, a frame or an activity attempt, while it is worked on. */
interface Work {
  requestId: string | null;
  fields: Record<string, string>;
  /** null: not traced, or not known yet */
  place: Place | null;
  /** ended before the trace was known; null: nothing is kept */
  early: Omit<FinishedSpan, 'place' | 'parentId'>[] | null;
  adopt: (origin: Origin) => void;
}

export interface OpenWork {
  run: <T>(fn: () => T) => T;
  end: (how?: { name?: string; attributes?: Attributes; error?: string | null }) => void;
}

const works = new AsyncLocalStorage<Work>();
let sink: SpanSink | null = null;

/** Traces are on from here until the returned stop. */
export async function startTraces(endpoint: string, log: Logger): Promise<() => Promise<void>> {
  const opened = await createOtlpSink(endpoint, log);
  sink = opened;
  return () => {
    sink = null;
    return opened.stop();
  };
}

const spanId = (): string => randomBytes(8).toString('hex');
const nowMs = (): number => performance.timeOrigin + performance.now();

interface Opening {
  name: string;
  kind: SpanKind;
  attributes?: Attributes;
  /** for each log line of this work */
  fields: Record<string, string>;
}

/** What came from outside: the beginning of a trace of its own. */
export function beginRequest(
  requestId: string,
  { traced = true, ...opening }: Opening & { traced?: boolean },
): OpenWork {
  const place =
    traced && sink !== null ? { traceId: randomBytes(16).toString('hex'), spanId: spanId() } : null;
  const work: Work = { requestId, fields: opening.fields, place, early: null, adopt: () => undefined };
  return openWork(work, opening, () => null);
}

/** An attempt at an activity that continues what its workflow was told. */
export function beginActivity(origin: Origin | null, opening: Opening): OpenWork {
  const parent = sink === null ? null : readTraceparent(origin?.traceparent);
  const work: Work = {
    requestId: origin?.request_id ?? null,
    fields: opening.fields,
    place: parent && { traceId: parent.traceId, spanId: spanId() },
    early: null,
    adopt: () => undefined,
  };
  return openWork(work, opening, () => parent?.spanId ?? null);
}

/**
 * An attempt at an activity of a workflow that works for one request after the other (a chat): which one, its rows say
 * (`adoptOrigin`). What has ended before that is kept until then; what never learns it is not recorded.
 */
export function beginActivityOfRows(workflowId: string, opening: Opening): OpenWork {
  let parentId: string | null = null;
  const work: Work = {
    requestId: null,
    fields: opening.fields,
    place: null,
    early: sink === null ? null : [],
    adopt(origin) {
      if (work.requestId !== null) return;
      work.requestId = origin.request_id;
      const cause = readTraceparent(origin.traceparent);
      if (cause === null || work.early === null) return;
      const parent = workflowPlace(cause, workflowId);
      parentId = parent.spanId;
      work.place = { traceId: parent.traceId, spanId: spanId() };
      for (const span of work.early.splice(0)) record(work.place, span);
    },
  };
  return openWork(work, opening, () => parentId);
}

function openWork(work: Work, { name, kind, attributes }: Opening, parentId: () => string | null): OpenWork {
  const startMs = nowMs();
  return {
    run: (fn) => works.run(work, fn),
    end(how = {}) {
      if (work.place === null) return;
      sink?.record({
        place: work.place,
        parentId: parentId(),
        name: how.name ?? name,
        kind,
        startMs,
        endMs: nowMs(),
        attributes: { ...idsOf(work), ...attributes, ...how.attributes },
        error: how.error ?? null,
      });
    },
  };
}

const idsOf = ({ requestId, fields }: Work): Attributes => ({
  ...(requestId === null ? {} : { 'mooring.request_id': requestId }),
  ...Object.fromEntries(Object.entries(fields).map(([name, value]) => [`mooring.${name}`, value])),
});

/** The rows have said for which request the current activity works. */
export function adoptOrigin(origin: Origin | null): void {
  if (origin !== null) works.getStore()?.adopt(origin);
}

/** What is recorded beside a fact or a signal, so that whatever comes of it leads back here. */
export function currentOrigin(): Origin | null {
  const work = works.getStore();
  if (work === undefined || work.requestId === null) return null;
  const { requestId, place } = work;
  return {
    request_id: requestId,
    ...(place === null || sink === null ? {} : { traceparent: writeTraceparent(place) }),
  };
}

/** For every log line that is written in some work. */
export function logFields(): Record<string, string> {
  const work = works.getStore();
  if (work === undefined) return {};
  return {
    ...(work.requestId === null ? {} : { request_id: work.requestId }),
    ...(work.place === null ? {} : { trace_id: work.place.traceId }),
    ...work.fields,
  };
}

interface SpanOptions {
  name: string;
  kind?: SpanKind;
  attributes?: Attributes;
  /** whose part it is, when it is not the current work's */
  of?: Origin | null;
}

/** What the body of a span may add to it, and tell to whom it calls. */
export interface OpenSpan {
  traceparent: string | null;
  attributes: Attributes;
}

/** A part of the current work, recorded when it ends. */
export async function span<T>(options: SpanOptions, fn: (span: OpenSpan) => Promise<T>): Promise<T> {
  const work = works.getStore();
  const parent = options.of === undefined ? (work?.place ?? null) : readTraceparent(options.of?.traceparent);
  const early = options.of === undefined ? (work?.early ?? null) : null;
  if (sink === null || (parent === null && early === null)) {
    return fn({ traceparent: null, attributes: {} });
  }
  const id = spanId();
  const open: OpenSpan = {
    traceparent: parent && writeTraceparent({ traceId: parent.traceId, spanId: id }),
    attributes: { ...options.attributes },
  };
  const startMs = nowMs();
  let error: string | null = null;
  try {
    return await fn(open);
  } catch (thrown) {
    error = codeOf(thrown);
    throw thrown;
  } finally {
    const { name, kind = 'internal' } = options;
    const ended = { name, kind, startMs, endMs: nowMs(), attributes: open.attributes, error };
    // The work may have learned its trace while this span was open.
    const place = parent ?? work?.place ?? null;
    if (place !== null) record(place, ended, id);
    else early?.push(ended);
  }
}

/** A span whose place was settled elsewhere. */
export const recordAt = (
  place: Place,
  parentId: string,
  span: Omit<FinishedSpan, 'place' | 'parentId'>,
): void => sink?.record({ place, parentId, ...span });

const record = (
  { traceId, spanId: parentId }: Place,
  span: Omit<FinishedSpan, 'place' | 'parentId'>,
  id = spanId(),
): void => sink?.record({ place: { traceId, spanId: id }, parentId, ...span });

/** The name of what went wrong: our code, a failure's type, an SQLSTATE, or the error's name. */
export function codeOf(error: unknown): string {
  if (!(error instanceof Error)) return 'unknown';
  for (const key of ['code', 'type'] as const) {
    const value = key in error ? (error as unknown as Record<string, unknown>)[key] : undefined;
    if (typeof value === 'string' && value !== '') return value;
  }
  return error.name;
}
