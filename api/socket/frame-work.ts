import type { MooringError } from '../../domain/errors';
import { newId } from '../../lib/ids';
import type { Logger } from '../../lib/log';
import { metrics } from '../../lib/metrics';
import { beginRequest } from '../../lib/telemetry';
import { chatFields } from '../request';

/**
 * One frame as a request of its own: its error, its log line and what comes of it carry its id. `take` names the frame
 * when it has read it, and answers with the error that the client was told, or null.
 */
export async function asWork(
  { log, sessionId }: { log: Logger; sessionId: string },
  take: (named: (type: string) => void) => Promise<MooringError | null>,
): Promise<void> {
  const work = beginRequest(newId('req'), { name: 'frame', kind: 'server', fields: chatFields(sessionId) });
  const startedAt = performance.now();
  let frame = 'unreadable';
  const error = await work.run(() => take((type) => void (frame = type)));
  metrics.framesReceived.inc({ type: frame, code: error?.code ?? 'ok' });
  const ms = Math.round(performance.now() - startedAt);
  work.run(() => log.info({ frame, code: error?.code, ms }, 'frame'));
  work.end({ name: `frame ${frame}`, error: error !== null && error.status >= 500 ? error.code : null });
}
