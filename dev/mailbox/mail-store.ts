import { closeSync, ftruncateSync, mkdirSync, openSync, readFileSync, readSync } from 'node:fs';
import { join } from 'node:path';
import { randomUUID } from 'node:crypto';
import { z } from 'zod';
import { appendWhole } from '../agents/append';

/** A mail as one of its recipients got it. */
const Mail = z.object({
  id: z.string(),
  at: z.string(),
  to: z.string(),
  from: z.string(),
  subject: z.string(),
  text: z.string(),
  html: z.string(),
});
export type Mail = z.infer<typeof Mail>;
const Line = Mail.extend({ message_id: z.string() });

export interface NewMail {
  messageId: string;
  recipients: string[];
  from: string;
  subject: string;
  text: string;
  html: string;
}

export interface MailQuery {
  to: string | null;
  /** Only what came before: the `before` of an earlier read. */
  before: number | null;
  maxBytes: number;
}

export interface Older {
  count: number;
  before: number;
}

export interface MailStore {
  /** Keeps the mail once for each recipient; the same Message-ID again is dropped. On the disk when it returns. */
  add: (mail: NewMail) => void;
  /** The newest first, as many as fit into `maxBytes`, and one at least; `older` is where the next read goes on. */
  read: (query: MailQuery) => { mails: Mail[]; older: Older | null };
  close: () => void;
}

interface Place {
  to: string;
  offset: number;
  length: number;
}

/** One JSON line for each recipient of a mail, appended and never rewritten; only where they stand is in memory. */
export function openMailStore(folder: string): MailStore {
  mkdirSync(folder, { recursive: true });
  const file = join(folder, 'mail.jsonl');
  const fd = openSync(file, 'a+', 0o600);
  const places: Place[] = [];
  const seen = new Set<string>();
  let end = 0;
  const index = ({ message_id: messageId, to }: { message_id: string; to: string }, length: number): void => {
    places.push({ to: to.toLowerCase(), offset: end, length });
    seen.add(keyOf(messageId, to));
    end += length;
  };

  const bytes = readFileSync(file);
  for (let stop = bytes.indexOf(10); stop >= 0; stop = bytes.indexOf(10, end)) {
    index(parseLine(bytes.subarray(end, stop).toString('utf8'), file), stop + 1 - end);
  }
  // A line cut by a kill was never acknowledged: its sender sends again.
  if (end < bytes.length) ftruncateSync(fd, end);

  return {
    add: ({ messageId, recipients, ...mail }) => {
      const fresh = [...new Set(recipients)].filter((to) => !seen.has(keyOf(messageId, to)));
      const at = new Date().toISOString();
      const rows = fresh.map((to) => {
        const row = { id: `mail_${randomUUID()}`, at, to, ...mail, message_id: messageId };
        return { row, line: Buffer.from(`${JSON.stringify(row)}\n`) };
      });
      // For all recipients or for none: a sender that is told of a failure sends to all of them again.
      appendWhole(fd, Buffer.concat(rows.map(({ line }) => line)), end);
      for (const { row, line } of rows) index(row, line.length);
    },
    read: ({ to, before, maxBytes }) => {
      const wanted = places
        .filter((place) => (to === null || place.to === to.toLowerCase()) && place.offset < (before ?? end))
        .reverse();
      let size = 0;
      const fitting = wanted.filter(({ length }, index) => (size += length) <= maxBytes || index === 0);
      const last = fitting.at(-1);
      const count = wanted.length - fitting.length;
      return {
        mails: fitting.map((place) => readMail(fd, place, file)),
        older: last === undefined || count === 0 ? null : { count, before: last.offset },
      };
    },
    close: () => closeSync(fd),
  };
}

const keyOf = (messageId: string, to: string): string => `${messageId}\n${to.toLowerCase()}`;

function readMail(fd: number, { offset, length }: Place, file: string): Mail {
  const buffer = Buffer.alloc(length);
  readSync(fd, buffer, 0, length, offset);
  const { message_id: _, ...mail } = parseLine(buffer.toString('utf8'), file);
  return mail;
}

function parseLine(text: string, file: string): z.infer<typeof Line> {
  try {
    return Line.parse(JSON.parse(text));
  } catch (error) {
    throw new Error(`${file} has a line that is not a mail; move the file away to begin anew`, {
      cause: error,
    });
  }
}
