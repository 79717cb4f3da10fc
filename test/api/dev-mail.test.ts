import { mkdtempSync, rmSync } from 'node:fs';
import { createServer } from 'node:http';
import type { Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createTransport } from 'nodemailer';
import { openMailbox } from '../../dev/mailbox/mailbox';
import type { Mailbox } from '../../dev/mailbox/mailbox';
import { createTestApi } from './harness';
import type { TestApi } from './harness';

const folder = mkdtempSync(join(tmpdir(), 'mooring-mail-'));
let mailbox: Mailbox;
let api: TestApi;
const json = { accept: 'application/json' };
const closing: (() => Promise<unknown> | void)[] = [];

const open = () => openMailbox({ folder, ports: { smtp: 0, http: 0 } });
const apiTo = async (url: string, env: Record<string, string> = {}) => {
  const opened = await createTestApi({ env: { MOORING_DEV_MAILBOX_URL: url, ...env } });
  closing.push(opened.close);
  return opened;
};
const send = (mail: {
  to: string | string[];
  messageId?: string;
  subject?: string;
  text?: string;
  html?: string;
}) => {
  const smtp = createTransport({ host: '127.0.0.1', port: mailbox.smtpPort, ignoreTLS: true });
  return smtp.sendMail({ from: 'Mooring <hello@mooring.local>', ...mail });
};
const mailsTo = async (to: string) => {
  const { body } = await api.call(`/dev/mail?to=${encodeURIComponent(to)}`, { headers: json });
  return (body as unknown as { messages: Record<string, string>[] }).messages;
};

beforeAll(async () => {
  mailbox = await open();
  api = await apiTo(`http://127.0.0.1:${mailbox.httpPort}`);
}, 60_000);
afterAll(async () => {
  for (const close of closing) await close();
  await mailbox.close();
  rmSync(folder, { recursive: true, force: true });
});

test('a mail that was sent is told as JSON, newest first, by recipient in any case', async () => {
  await send({ to: 'Ann@example.org', subject: 'Ihr Köder', text: 'Your code is 123456.' });
  await send({ to: ['ann@example.org', 'ben@example.org'], subject: 'Second', html: '<p>Hi</p>' });
  expect(await mailsTo('ann@example.org')).toEqual([
    expect.objectContaining({
      to: 'ann@example.org',
      subject: 'Second',
      html: expect.stringContaining('<p>Hi</p>') as string,
    }),
    {
      id: expect.stringMatching(/^mail_/) as string,
      at: expect.stringMatching(/Z$/) as string,
      to: 'Ann@example.org',
      from: 'Mooring <hello@mooring.local>',
      subject: 'Ihr Köder',
      text: 'Your code is 123456.\n',
      html: '',
    },
  ]);
  expect(await mailsTo('ben@example.org')).toHaveLength(1);
  expect(await mailsTo('nobody@example.org')).toEqual([]);
});

test('the same Message-ID is kept once, also over a restart of the mailbox', async () => {
  const mail = { to: 'dora@example.org', messageId: '<one@mooring.local>', text: 'Once.' };
  await Promise.all([send(mail), send(mail)]);
  const at = mailbox.httpPort;
  await mailbox.close();
  mailbox = await openMailbox({ folder, ports: { smtp: 0, http: at } });
  await send(mail);
  expect(await mailsTo('dora@example.org')).toHaveLength(1);
});

test('a mail over its limit is refused to its sender and not kept', async () => {
  const huge = send({ to: 'eva@example.org', text: 'x'.repeat(600 * 1024) });
  await expect(huge).rejects.toMatchObject({ responseCode: 552 });
  expect(await mailsTo('eva@example.org')).toEqual([]);
});

test('every mail that was sent is told, however much that is, and the page leads from one to the next', async () => {
  const text = 'x'.repeat(400 * 1024);
  const subjects = Array.from({ length: 12 }, (_, index) => `Number ${12 - index}`);
  for (const subject of [...subjects].reverse()) await send({ to: 'gil@example.org', subject, text });
  await send({ to: 'hal@example.org', text: 'Another' });
  expect((await mailsTo('gil@example.org')).map(({ subject }) => subject)).toEqual(subjects);

  const read: string[] = [];
  let next: string | undefined = '/dev/mail?to=gil%40example.org';
  while (next !== undefined) {
    const { text: page } = await api.call(next, { headers: { accept: 'text/html' } });
    read.push(...[...page.matchAll(/<bdi>(Number \d+)/g)].map(([, subject]) => subject ?? ''));
    const link: RegExpExecArray | null = /href="([^"]+)">(\S+ older mails?)</.exec(page);
    if (read.length === 5) expect(link?.[2]).toBe('7 older mails');
    next = link?.[1]?.replaceAll('&amp;', '&');
  }
  expect(read).toEqual(subjects);
});

test('a mailbox that fails on the way cuts the answer, and no part of it is taken for the whole', async () => {
  const mail = { id: '1', at: '', to: '', from: '', subject: '', text: '', html: '' };
  let asked = 0;
  const server = createServer((_req, res) => {
    asked += 1;
    if (asked > 1) return void res.writeHead(500).end();
    res.end(JSON.stringify({ messages: [mail], older: { count: 1, before: 7 } }));
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  closing.push(() => new Promise((resolve) => server.close(resolve)));
  const cut = await apiTo(`http://127.0.0.1:${(server.address() as AddressInfo).port}`);
  await expect(cut.call('/dev/mail', { headers: json })).rejects.toThrow(/terminated|closed|aborted/);
  expect(asked).toBe(2);
});

test('the page runs nothing of a mail: its HTML stands escaped in a frame that may do nothing', async () => {
  const html = '<script>alert(1)</script><img src="https://evil.example/x.png" onerror="alert(2)">';
  await send({ to: 'fay@example.org', subject: '<script>x</script>', text: 'a "quoted" <b>text</b>', html });
  const { text, headers, status } = await api.call('/dev/mail?to=fay@example.org', {
    headers: { accept: 'text/html' },
  });
  expect([status, headers.get('content-type')]).toEqual([200, 'text/html; charset=utf-8']);
  expect(text).toContain('<bdi>&lt;script&gt;x&lt;/script&gt;</bdi>');
  expect(text).toContain('a &quot;quoted&quot; &lt;b&gt;text&lt;/b&gt;');
  expect(text).toContain('<iframe sandbox="" title="The mail as HTML" srcdoc="&lt;script&gt;');
  expect(text).not.toMatch(/<script|<img|<b>/);
  expect(headers.get('content-security-policy')).toContain("script-src 'self'");
});

test.each([
  ['production', { MOORING_ENV: 'production', MOORING_ALLOW_LOOPBACK: 'false' }],
  ['a test environment', { MOORING_ENV: 'test' }],
])('in %s there is no mailbox', async (_name, env) => {
  const servers = { DATABASE_URL: 'postgres://x', TEMPORAL_ADDRESS: 'x', MOORING_SECRET: 'x'.repeat(32) };
  const closed = await apiTo(`http://127.0.0.1:${mailbox.httpPort}`, { ...servers, ...env });
  expect(await closed.call('/dev/mail', { headers: json })).toMatchObject({ status: 404 });
});

test('whoever comes by way of a proxy finds no mailbox', async () => {
  const headers = { ...json, 'x-forwarded-for': '10.0.0.1' };
  expect(await api.call('/dev/mail', { headers })).toMatchObject({ status: 404 });
});

test('a mailbox that is away, hangs or says too much is said to be away', async () => {
  const answers: Server[] = [
    createServer((_req, res) => void res.end('x'.repeat(5 * 1024 * 1024))),
    createServer((_req, res) => void res.end('<html>')),
    createServer(() => undefined),
  ];
  for (const server of answers) {
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    closing.push(
      () => server.closeAllConnections(),
      () => new Promise((resolve) => server.close(resolve)),
    );
    const { port } = server.address() as AddressInfo;
    const broken = await apiTo(`http://127.0.0.1:${port}`);
    expect(await broken.call('/dev/mail', { headers: json })).toMatchObject({
      status: 503,
      body: { error: { code: 'unavailable' } },
    });
  }
});
