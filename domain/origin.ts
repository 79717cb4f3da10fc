/**
 * What a piece of work goes back to: the id of the request that caused it and, while traces are on, its place in their
 * trace (W3C `traceparent`). Stored beside messages and signals, carried in Temporal's headers. Ids only.
 */
export interface Origin {
  request_id: string;
  traceparent?: string;
}

/** The Temporal header that carries an origin. */
export const ORIGIN_HEADER = 'mooring-origin';

/** A span of a trace, by its two ids. */
export interface Place {
  traceId: string;
  spanId: string;
}

export const writeTraceparent = ({ traceId, spanId }: Place): string => `00-${traceId}-${spanId}-01`;

export function readTraceparent(text: string | undefined): Place | null {
  const [, traceId, spanId] = /^00-([0-9a-f]{32})-([0-9a-f]{16})-[0-9a-f]{2}$/.exec(text ?? '') ?? [];
  return traceId === undefined || spanId === undefined ? null : { traceId, spanId };
}

/**
 * The span with which a workflow takes up what came from `cause`. Its id is made from what both sides know, so the
 * workflow, which may not throw dice, and an activity, which knows the cause from a row, name the same one.
 */
export const workflowPlace = ({ traceId, spanId }: Place, workflowId: string): Place => ({
  traceId,
  spanId: hash32(`${spanId}/${workflowId}`, 0x811c9dc5) + hash32(`${workflowId}/${spanId}`, 0x9e3779b9),
});

/** FNV-1a. */
function hash32(text: string, seed: number): string {
  let hash = seed;
  for (let at = 0; at < text.length; at += 1) hash = Math.imul(hash ^ text.charCodeAt(at), 0x01000193);
  return (hash >>> 0).toString(16).padStart(8, '0');
}
