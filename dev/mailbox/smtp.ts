import { createHash } from 'node:crypto';
import PostalMime from 'postal-mime';
import type { Address } from 'postal-mime';
import { SMTPServer } from 'smtp-server';
import type { SMTPServerDataStream, SMTPServerSession } from 'smtp-server';
import type { MailStore } from './mail-store';

const MAIL_LIMIT = 512 * 1024;

/** The mailbox's way in: whatever is sent over SMTP is kept, and nothing of it goes on to anybody. */
export function createSmtpServer(store: MailStore): SMTPServer {
  return new SMTPServer({
    banner: 'Mooring development mailbox',
    authOptional: true,
    disabledCommands: ['AUTH', 'STARTTLS'],
    disableReverseLookup: true,
    size: MAIL_LIMIT,
    maxClients: 20,
    socketTimeout: 30_000,
    closeTimeout: 200,
    onData: (stream, session, callback) => {
      receive(store, stream, session).then(
        () => callback(null),
        (error: unknown) => callback(refusal(error)),
      );
    },
  });
}

/** Kept before it is acknowledged. */
async function receive(
  store: MailStore,
  stream: SMTPServerDataStream,
  { envelope }: SMTPServerSession,
): Promise<void> {
  const chunks: Buffer[] = [];
  for await (const chunk of stream) {
    // Read to its end, as the protocol wants it, and not kept beyond the limit.
    if (!stream.sizeExceeded) chunks.push(chunk as Buffer);
  }
  if (stream.sizeExceeded) throw new MailError(552, `The mail is larger than ${MAIL_LIMIT} bytes.`);
  const bytes = Buffer.concat(chunks);
  const mail = await PostalMime.parse(bytes, { maxNestingDepth: 20, maxHeadersSize: 64 * 1024 }).catch(() => {
    throw new MailError(550, 'The mail cannot be read.');
  });
  store.add({
    messageId: mail.messageId ?? createHash('sha256').update(bytes).digest('hex'),
    recipients: envelope.rcptTo.map(({ address }) => address),
    from: mail.from === undefined ? senderOf(envelope) : written(mail.from),
    subject: mail.subject ?? '',
    text: mail.text ?? '',
    html: mail.html ?? '',
  });
}

class MailError extends Error {
  readonly responseCode: number;

  constructor(responseCode: number, message: string) {
    super(message);
    this.responseCode = responseCode;
  }
}

function refusal(error: unknown): Error {
  if (error instanceof MailError) return error;
  console.error('mailbox: a mail was not kept', error);
  return new MailError(451, 'The mail could not be kept; try again.');
}

const senderOf = ({ mailFrom }: SMTPServerSession['envelope']): string =>
  mailFrom === false ? '' : mailFrom.address;

function written({ name, address = '' }: Address): string {
  return name === '' ? address : `${name} <${address}>`;
}
