import { join } from 'node:path';
import { randomUUID } from 'node:crypto';
import { z } from 'zod';
import { openJsonLines } from '../agents/json-lines';
import type { Place } from '../agents/json-lines';

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

interface Kept extends Place {
  to: string;
}

/** A line for each recipient of a mail; only where they stand is in memory. */
export function openMailStore(folder: string): MailStore {
  const places: Kept[] = [];
  const seen = new Set<string>();
  const lines = openJsonLines(join(folder, 'mail.jsonl'), {
    schema: Line,
    of: 'mail',
    index: ({ message_id: messageId, to }, place) => {
      places.push({ to: to.toLowerCase(), ...place });
      seen.add(keyOf(messageId, to));
    },
  });

  return {
    add: ({ messageId, recipients, ...mail }) => {
      const fresh = [...new Set(recipients)].filter((to) => !seen.has(keyOf(messageId, to)));
      const at = new Date().toISOString();
      // For all recipients or for none: a sender that is told of a failure sends to all of them again.
      lines.append(
        fresh.map((to) => ({ id: `mail_${randomUUID()}`, at, to, ...mail, message_id: messageId })),
      );
    },
    read: ({ to, before, maxBytes }) => {
      const wanted = places
        .filter(
          (place) =>
            (to === null || place.to === to.toLowerCase()) &&
            place.offset < (before ?? Number.POSITIVE_INFINITY),
        )
        .reverse();
      let size = 0;
      const fitting = wanted.filter(({ length }, index) => (size += length) <= maxBytes || index === 0);
      const last = fitting.at(-1);
      const count = wanted.length - fitting.length;
      return {
        mails: fitting.map((place) => mailOf(lines.read(place))),
        older: last === undefined || count === 0 ? null : { count, before: last.offset },
      };
    },
    close: lines.close,
  };
}

const keyOf = (messageId: string, to: string): string => `${messageId}\n${to.toLowerCase()}`;

function mailOf({ message_id: _, ...mail }: z.infer<typeof Line>): Mail {
  return mail;
}
