import { metrics } from '../lib/metrics';

/** A signal on its way to Temporal, counted by who sends it and how that went. */
export function counted(by: 'dispatch' | 'relay' | 'reconciler', sending: Promise<void>): Promise<void> {
  sending.then(
    () => metrics.signals.inc({ by, outcome: 'sent' }),
    () => metrics.signals.inc({ by, outcome: 'failed' }),
  );
  return sending;
}
