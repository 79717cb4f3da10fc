/** An attempt at an activity, by the ids that all its attempts share. */
export interface AttemptInfo {
  runId: string;
  activityId: string;
  attempt: number;
}

/** `cancelled`: Temporal wanted no more of it; why, a later attempt shows. */
export type AttemptEnd = 'completed' | 'failed' | 'cancelled' | 'timed_out';

const REMEMBERED = 1_000;

/**
 * What this process runs, or has done, of the activities that Temporal gave it. A later attempt at one of them means
 * that Temporal has given up an attempt whose process lived: a false time-out. `tell` hears of each once.
 */
export function createAttempts<T extends AttemptInfo>(tell: (info: T) => void) {
  const known = new Map<string, { attempt: number; told: boolean }>();
  return {
    begin(info: T): void {
      const key = `${info.runId}/${info.activityId}`;
      const earlier = known.get(key);
      if (earlier !== undefined && !earlier.told) tell(info);
      known.delete(key);
      known.set(key, { attempt: info.attempt, told: false });
      const [oldest] = known.keys();
      if (known.size > REMEMBERED && oldest !== undefined) known.delete(oldest);
    },
    /** A failure was told to Temporal, which tries again by right; a time-out it has told us itself. */
    end(info: T, how: AttemptEnd): void {
      const key = `${info.runId}/${info.activityId}`;
      const mine = known.get(key);
      // A later attempt has taken its place; that one was told.
      if (mine?.attempt !== info.attempt) return;
      if (how === 'failed') known.delete(key);
      if (how !== 'timed_out') return;
      mine.told = true;
      tell(info);
    },
  };
}
