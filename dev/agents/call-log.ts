import { closeSync, ftruncateSync, mkdirSync, openSync, readFileSync, readSync } from 'node:fs';
import { dirname } from 'node:path';
import { z } from 'zod';
import { Answer } from './action';
import { appendWhole } from './append';

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

/** The agent's own record: one JSON line a call, appended and never rewritten. */
export function openCallLog(file: string): CallLog {
  mkdirSync(dirname(file), { recursive: true });
  const fd = openSync(file, 'a+');
  const calls: Call[] = [];
  const attempts = new Map<string, number>();
  const answers = new Map<string, { offset: number; length: number }>();
  let end = 0;

  const index = ({ answer, ...call }: z.infer<typeof Line>, length: number) => {
    calls.push(call);
    attempts.set(call.idempotency_key, call.attempt);
    if (answer !== undefined) answers.set(call.idempotency_key, { offset: end, length });
    end += length;
  };

  const bytes = readFileSync(file);
  for (let stop = bytes.indexOf(10); stop >= 0; stop = bytes.indexOf(10, end)) {
    index(parseLine(bytes.subarray(end, stop).toString('utf8'), file), stop + 1 - end);
  }
  // A line cut by a kill was never answered: it goes.
  if (end < bytes.length) ftruncateSync(fd, end);

  return {
    calls: () => calls,
    attempts: (key) => attempts.get(key) ?? 0,
    answer: (key) => {
      const place = answers.get(key);
      if (place === undefined) return null;
      const buffer = Buffer.alloc(place.length);
      readSync(fd, buffer, 0, place.length, place.offset);
      return parseLine(buffer.toString('utf8'), file).answer ?? null;
    },
    append: ({ key, action, status, answer }) => {
      const call: Call = {
        idempotency_key: key,
        action,
        attempt: (attempts.get(key) ?? 0) + 1,
        at: new Date().toISOString(),
        status,
      };
      const line = Buffer.from(`${JSON.stringify(answer === undefined ? call : { ...call, answer })}\n`);
      // Synchronous on purpose: between the look-up of a key and its line no other call can come.
      appendWhole(fd, line, end);
      index(answer === undefined ? call : { ...call, answer }, line.length);
      return call;
    },
    close: () => closeSync(fd),
  };
}

function parseLine(text: string, file: string): z.infer<typeof Line> {
  try {
    return Line.parse(JSON.parse(text));
  } catch (error) {
    throw new Error(`${file} has a line that is not a call; move the file away to begin anew`, {
      cause: error,
    });
  }
}
