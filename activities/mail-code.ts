import type { Database } from '../db/database';
import { endMail, findOpenMail } from '../db/mails';
import type { MailKind } from '../db/mails';
import { MooringError } from '../domain/errors';
import { SYSTEM } from '../domain/principal';
import type { MailActivities } from '../domain/workflows';
import type { ApprovalLinks } from '../lib/approval-links';
import { activity } from './activity';
import type { SendMail } from './mail';

const WORDS: Record<MailKind, { subject: string; why: string }> = {
  confirm_code: {
    subject: 'Your code to approve a task',
    why: 'It is needed beside the link to approve a task that cannot be undone.',
  },
  owner_code: {
    subject: 'Your code for an agent of yours',
    why: 'An agent names you as the person behind it. With this code you stand behind what it asks for.',
  },
};

/** Codes by mail: the same mail and the same code, however often it is sent. */
export function createMailActivities(deps: {
  db: Database;
  links: ApprovalLinks;
  sendMail: SendMail;
}): MailActivities {
  const { db, links, sendMail } = deps;
  return {
    sendCode: activity('sendCode', async ({ mailId }) => {
      const open = await db.withTx(SYSTEM, 'mail.read', (tx) => findOpenMail(tx, mailId));
      if (open === null) return;
      const { subject, why } = WORDS[open.kind];
      const until = open.until.replace('T', ' ').replace(/\.\d+Z$/, ' UTC');
      const text = `${links.codeOf(mailId)}\n\n${why} It is good until ${until}.\nIf you did not expect this, do nothing and tell nobody the code.\n`;
      try {
        await sendMail({ messageId: mailId, to: open.address, subject, text });
      } catch (error) {
        // One that will never go is over; one that may is tried again.
        if (!(error instanceof MooringError) || error.retryable) throw error;
      }
      await db.withTx(SYSTEM, 'mail.end', (tx) => endMail(tx, mailId));
    }),
  };
}
