import { once } from 'node:events';
import { createServer } from 'node:http';
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { AddressInfo, Server } from 'node:net';
import { openMailStore } from './mail-store';
import type { MailStore } from './mail-store';
import { createSmtpServer } from './smtp';

const PAGE_BYTES = 2 * 1024 * 1024;
const HOST = '127.0.0.1';

export interface Mailbox {
  smtpPort: number;
  httpPort: number;
  close: () => Promise<void>;
}

export interface MailboxOptions {
  folder: string;
  /** 0: the system chooses */
  ports: { smtp: number; http: number };
}

/** The development mailbox: mail comes in over SMTP, is kept in a file, and is read over HTTP; both on loopback only. */
export async function openMailbox({ folder, ports }: MailboxOptions): Promise<Mailbox> {
  const store = openMailStore(folder);
  const smtp = createSmtpServer(store);
  // A client that goes away in the middle of a mail is no fault of ours.
  const smtpPort = await listen(smtp.server, ports.smtp);
  smtp.on('error', () => undefined);
  const http = createServer((req, res) => serve(store, req, res));
  const httpPort = await listen(http, ports.http);
  return {
    smtpPort,
    httpPort,
    async close() {
      http.closeAllConnections();
      await Promise.all([
        new Promise<void>((resolve) => http.close(() => resolve())),
        new Promise<void>((resolve) => smtp.close(resolve)),
      ]);
      store.close();
    },
  };
}

async function listen(server: Server, port: number): Promise<number> {
  server.listen(port, HOST);
  await once(server, 'listening');
  return (server.address() as AddressInfo).port;
}

/** `GET /mails?to=&before=`: the newest first, page by page; only for who really talks to this machine, since codes to sign in come by mail. */
function serve(store: MailStore, req: IncomingMessage, res: ServerResponse): void {
  const url = new URL(req.url ?? '/', `http://${HOST}`);
  const send = (status: number, body: unknown): void =>
    void res.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(body));
  if (!/^(?:127\.0\.0\.1|localhost)(?::\d+)?$/.test(req.headers.host ?? '')) return send(403, {});
  if (req.method !== 'GET' || url.pathname !== '/mails') return send(404, {});
  const before = url.searchParams.get('before');
  const { mails, older } = store.read({
    to: url.searchParams.get('to'),
    before: before === null ? null : Number(before),
    maxBytes: PAGE_BYTES,
  });
  send(200, { messages: mails, older });
}
