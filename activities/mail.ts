import { MooringError } from '../domain/errors';
import { failpoint } from '../lib/failpoints';

export interface OutgoingMail {
  /** the same whenever the same mail is sent: a mailbox that has it drops the second */
  messageId: string;
  to: string;
  subject: string;
  text: string;
}

/** Throws mail_unavailable (later it may go), mail_refused (it never will). */
export type SendMail = (mail: OutgoingMail) => Promise<void>;

const CONNECT_MS = 5_000;
const SILENCE_MS = 10_000;

/** Sends by SMTP; without a server nothing is sent, and whoever asks is told so. */
export function createSendMail({ smtpUrl, from }: { smtpUrl: string | undefined; from: string }): SendMail {
  return async ({ messageId, to, subject, text }) => {
    if (smtpUrl === undefined) {
      throw new MooringError('mail_refused', 'No mail server is set (MOORING_SMTP_URL).');
    }
    // Loaded with the first mail: most starts never send one.
    const { createTransport } = await import('nodemailer');
    const transport = createTransport({
      url: smtpUrl,
      connectionTimeout: CONNECT_MS,
      greetingTimeout: CONNECT_MS,
      socketTimeout: SILENCE_MS,
      disableFileAccess: true,
      disableUrlAccess: true,
    });
    failpoint('mail', 'before');
    try {
      await transport.sendMail({ messageId: `<${messageId}@mooring>`, from, to, subject, text });
    } catch (cause) {
      throw isFinal(cause)
        ? new MooringError('mail_refused', 'The mail server refuses this mail.', { cause })
        : new MooringError('mail_unavailable', 'The mail server cannot be reached now.', { cause });
    } finally {
      transport.close();
    }
    failpoint('mail', 'sent');
  };
}

/** The server has read recipient or mail and says that it will never take it. */
const isFinal = (error: unknown): boolean =>
  error instanceof Error &&
  'code' in error &&
  (error.code === 'EENVELOPE' || error.code === 'EMESSAGE') &&
  'responseCode' in error &&
  Number(error.responseCode) >= 500;
