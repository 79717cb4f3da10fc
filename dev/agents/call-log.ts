import { z } from 'zod';
import { Answer } from './action';
import { openJsonLines } from './json-lines';
import type { Place } from './json-lines';

/**
 * completed, refused: the answer was made and is kept · replayed: the kept answer was given again ·
 * failed: no answer that could be kept (a 500, or a failure on purpose).
 */
const Call = z.object({
  idempotency_key: z.string(),
  action: z.string(),
  attempt: z.int().min(1),
  at: z.string(),
  status: z.enum(['completed', 'refused', 'replayed', 'failed']),
});
export type Call = z.infer<typeof Call>;
const Line = Call.extend({ answer: Answer.optional() });

export interface CallLog {
  calls: () => readonly Call[];
  /** How often this key was called so far. */
  attempts: (key: string) => number;
  /** The first answer that was kept for the key, read from the file. */
  answer: (key: string) => Answer | null;
  /** On the disk when it returns: what was answered is never forgotten by a kill. */
  append: (call: { key: string; action: string; status: Call['status']; answer?: Answer }) => Call;
  close: () => void;
}

/** The agent's own record, a line for each call. */
export function openCallLog(file: string): CallLog {
  const calls: Call[] = [];
  const attempts = new Map<string, number>();
  const answers = new Map<string, Place>();
  const lines = openJsonLines(file, {
    schema: Line,
    of: 'call',
    index: ({ answer, ...call }, place) => {
      calls.push(call);
      attempts.set(call.idempotency_key, call.attempt);
      if (answer !== undefined) answers.set(call.idempotency_key, place);
    },
  });

  return {
    calls: () => calls,
    attempts: (key) => attempts.get(key) ?? 0,
    answer: (key) => {
      const place = answers.get(key);
      return place === undefined ? null : (lines.read(place).answer ?? null);
    },
    append: ({ key, action, status, answer }) => {
      const call: Call = {
        idempotency_key: key,
        action,
        attempt: (attempts.get(key) ?? 0) + 1,
        at: new Date().toISOString(),
        status,
      };
      // Synchronous on purpose: between the look-up of a key and its line no other call can come.
      lines.append([answer === undefined ? call : { ...call, answer }]);
      return call;
    },
    close: lines.close,
  };
}
