import { createHash } from 'node:crypto';
import { z } from 'zod';
import { defineAction } from '../action';
import type { CallContext, DemoAgent } from '../action';
import { plural } from '../text/input';

const FROM = 'Fairpost <newsletter@fairpost.example>';
const MOST_RECIPIENTS = 50;
const TEXT_LIMIT = 20_000;
const SMTP_MS = 5_000;

const Input = z.object({
  recipients: z
    .array(z.email())
    .min(1)
    .max(MOST_RECIPIENTS)
    .describe(`The e-mail addresses it goes to, at most ${MOST_RECIPIENTS}; none of them sees the others`),
  subject: z.string().min(1).max(200).describe('The subject line of the newsletter'),
  text: z.string().min(1).max(TEXT_LIMIT).describe('The text of the newsletter, as plain text'),
});

/** Sends to the mailbox at this port, and to nowhere else. */
export const createNewsletterSender = ({ smtpPort }: { smtpPort: number }): DemoAgent => ({
  version: '1.0.0',
  message:
    'I am Fairpost. Use `send_newsletter` with `recipients`, `subject` and `text`; it costs 0.10 USDC. What is ' +
    'sent cannot be called back, so it is of risk R2: a person confirms it first. On this machine all mail goes to ' +
    'the development mailbox, at /dev/mail, and to nobody else.',
  actions: [
    defineAction({
      name: 'send_newsletter',
      description:
        'Sends a newsletter by e-mail to a list of recipients. It cannot be called back, so a person confirms it ' +
        'first (risk R2). On this machine it goes to the development mailbox only.',
      price: '0.10',
      risk_level: 'R2',
      input: Input,
      output: z.object({
        summary: z.string().describe('To how many it was sent, with the subject'),
        message_id: z.string().describe('The Message-ID of the mail: the same on every retry'),
        recipients: z.int(),
      }),
      run: (newsletter, call) => send(smtpPort, newsletter, call),
    }),
  ],
});

async function send(
  smtpPort: number,
  { recipients, subject, text }: z.output<typeof Input>,
  { key }: CallContext,
): Promise<{ summary: string; message_id: string; recipients: number }> {
  // Loaded when a newsletter is sent: most starts of the agents never do.
  const { createTransport } = await import('nodemailer');
  const transport = createTransport({
    host: '127.0.0.1',
    port: smtpPort,
    ignoreTLS: true,
    connectionTimeout: SMTP_MS,
    greetingTimeout: SMTP_MS,
    socketTimeout: SMTP_MS,
  });
  // From the key alone: a retry after a lost answer sends the same mail, which the mailbox then drops.
  const messageId = `<${createHash('sha256').update(key).digest('hex').slice(0, 32)}@fairpost.example>`;
  const to = [...new Set(recipients)];
  await transport.sendMail({ messageId, from: FROM, bcc: to, subject, text });
  return {
    summary: `Sent “${subject}” to ${plural(to.length, 'recipient')}.`,
    message_id: messageId,
    recipients: to.length,
  };
}
