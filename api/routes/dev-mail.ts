import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { Router } from 'express';
import type { Request } from 'express';
import { z } from 'zod';
import { MooringError } from '../../domain/errors';
import type { ApiContext } from '../context';
import { mailPage } from '../mail-page';
import { readCapped } from '../read-capped';

const TIMEOUT_MS = 2_000;
// A page of the mailbox, or one mail with every character escaped.
const MOST_BYTES = 8 * 1024 * 1024;

const text = z.string();
const Mails = z.object({
  messages: z.array(
    z.object({ id: text, at: text, to: text, from: text, subject: text, text: text, html: text }),
  ),
  /** Where the mailbox goes on, when more was sent than one page holds. */
  older: z.object({ count: z.int().min(1), before: z.int().min(0) }).nullable(),
});
type Mails = z.infer<typeof Mails>;

const Query = z.object({
  to: z.string().max(254).optional(),
  before: z.coerce.number().pipe(z.int().min(0)).optional(),
});
type Query = z.infer<typeof Query>;

/** What was sent by mail on this machine, as a page or as JSON; to a person at this machine only. */
export function devMailRoutes(api: ApiContext, webRoot: string | null): Router {
  const mailbox = api.config.MOORING_DEV_MAILBOX_URL;
  const router = Router();
  router.get('/dev/mail', async (req, res) => {
    if (mailbox === undefined || !api.origins.isDevelopmentDoor(req)) {
      throw new MooringError('not_found', 'There is nothing here.');
    }
    const query = Query.parse(req.query);
    const page = await readPage(mailbox, query);
    if (!wantsJson(req)) {
      const { messages: mails, older } = page;
      return void res.type('html').send(mailPage({ mails, older, to: query.to ?? '', webRoot }));
    }
    res.type('json');
    // A mailbox that fails on the way cuts the answer, so that nobody takes a part for the whole.
    await pipeline(Readable.from(allFrom(page, (before) => readPage(mailbox, { ...query, before }))), res);
  });
  return router;
}

const wantsJson = (req: Request): boolean => req.accepts(['html', 'json']) === 'json';

/** Every mail as one JSON text, a page of the mailbox at a time. */
async function* allFrom(first: Mails, next: (before: number) => Promise<Mails>): AsyncGenerator<string> {
  yield '{"messages":[';
  for (let page = first; ; page = await next(page.older.before)) {
    yield page.messages.map((mail) => JSON.stringify(mail)).join(',');
    if (page.older === null) break;
    yield ',';
  }
  yield ']}';
}

async function readPage(mailbox: string, { to = '', before }: Query): Promise<Mails> {
  const url = new URL('/mails', mailbox);
  if (to !== '') url.searchParams.set('to', to);
  if (before !== undefined) url.searchParams.set('before', String(before));
  try {
    const answer = await fetch(url, { redirect: 'error', signal: AbortSignal.timeout(TIMEOUT_MS) });
    const body = await readCapped(answer, MOST_BYTES);
    if (answer.status !== 200) throw new Error(`the mailbox answered HTTP ${answer.status}`);
    return Mails.parse(JSON.parse(body));
  } catch (cause) {
    throw new MooringError('unavailable', 'The development mailbox does not answer. Try again in a moment.', {
      cause,
    });
  }
}
