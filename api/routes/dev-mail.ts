import { Router } from 'express';
import type { Request } from 'express';
import { z } from 'zod';
import { MooringError } from '../../domain/errors';
import type { ApiContext } from '../context';
import { mailPage } from '../mail-page';
import { readCapped } from '../read-capped';

const TIMEOUT_MS = 2_000;
const MOST_BYTES = 4 * 1024 * 1024;

const text = z.string();
const Mails = z.object({
  messages: z.array(
    z.object({ id: text, at: text, to: text, from: text, subject: text, text: text, html: text }),
  ),
});

const Query = z.object({ to: z.string().max(254).optional() });

/** What was sent by mail on this machine, as a page or as JSON; to a person at this machine only. */
export function devMailRoutes(api: ApiContext, webRoot: string | null): Router {
  const mailbox = api.config.MOORING_DEV_MAILBOX_URL;
  const router = Router();
  router.get('/dev/mail', async (req, res) => {
    if (mailbox === undefined || !api.origins.isDevelopmentDoor(req)) {
      throw new MooringError('not_found', 'There is nothing here.');
    }
    const { to } = Query.parse(req.query);
    const mails = await mailsTo(mailbox, to === '' ? undefined : to);
    if (wantsJson(req)) res.json(mails);
    else res.type('html').send(mailPage({ mails: mails.messages, to: to ?? '', webRoot }));
  });
  return router;
}

const wantsJson = (req: Request): boolean => req.accepts(['html', 'json']) === 'json';

async function mailsTo(mailbox: string, to: string | undefined): Promise<z.infer<typeof Mails>> {
  const url = new URL('/mails', mailbox);
  if (to !== undefined) url.searchParams.set('to', to);
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
