import { Router, urlencoded } from 'express';
import type { Request, RequestHandler } from 'express';
import { z } from 'zod';
import { lockConfirmation } from '../../db/confirmations';
import type { WhichConfirmation } from '../../db/confirmations';
import { MooringError } from '../../domain/errors';
import { SYSTEM } from '../../domain/principal';
import { byToken, decide, readApproval, sendCode, tokenOf } from '../approvals';
import { approvePage, isOpen, wordsPage } from '../approve-page';
import type { Showing } from '../approve-page';
import { saysWho } from '../auth/caller';
import type { ApiContext } from '../context';
import { answerErrorsAsPage } from '../errors';
import { isStorable, UNSTORABLE_RULE } from '../json';
import { addressOf } from '../limits';
import { countCall } from '../network/door';

const text = (most: number) => z.string().max(most).refine(isStorable, UNSTORABLE_RULE).default('');
const Form = z.object({
  do: z.enum(['review', 'send-code', 'approve', 'decline']),
  note: text(500),
  code: text(20),
});
type Form = z.infer<typeof Form>;

const formBody = urlencoded({ extended: false, limit: '16kb' });

/** The question that a request is about, and how its page is come by. */
interface Way {
  which: WhichConfirmation;
  showing: Pick<Showing, 'action' | 'by'>;
}

type Find = (req: Request) => Way | Promise<Way>;

/** The page where a person decides: by the link of the mail and nothing else, or signed in. Opening it decides nothing. */
export function approveRoutes(api: ApiContext, webRoot: string | null): Router {
  const router = Router();
  router.use(['/approve', '/approvals'], (_req, res, next) => {
    // With no referrer at all a browser would not say either which page a form was sent from.
    res.set({ 'Cache-Control': 'no-store', 'Referrer-Policy': 'same-origin', Vary: 'Authorization' });
    answerErrorsAsPage(res, (error) => pageOfError(webRoot, error));
    next();
  });
  const byLink: Find = (req) => {
    const token = tokenOf(req);
    return { which: byToken(token), showing: { action: `/approve/${String(token)}`, by: 'link' } };
  };
  const look = looking(api, webRoot, byLink);
  // Under both forms that clients know.
  router.get('/approve', look);
  router.get('/approve/:token', look);
  router.post('/approve/:token', formBody, pressing(api, webRoot, byLink));

  const bySignIn: Find = async (req) => {
    const { id = '' } = req.params;
    const userId = await api.caller(req);
    return {
      which: { id: String(id), userId },
      showing: { action: `/approvals/${String(id)}`, by: 'sign-in' },
    };
  };
  const lookSignedIn = looking(api, webRoot, bySignIn);
  // A browser that opens the address says not whose it is: it gets the pages, which ask again with their sign-in.
  router.get('/approvals/:id', (req, res, next) =>
    saysWho(req) ? lookSignedIn(req, res, next) : next('route'),
  );
  router.post('/approvals/:id', formBody, pressing(api, webRoot, bySignIn));
  return router;
}

const TITLES: Partial<Record<string, string>> = {
  auth_failed: 'Nobody is signed in',
  not_found: 'This link leads to no question',
  rate_limited: 'Too many looks at once',
};

const pageOfError = (webRoot: string | null, { code, status, message: words }: MooringError): string =>
  wordsPage(webRoot, {
    title: TITLES[code] ?? 'This was not taken',
    words,
    // Of a fault on our side it is not known what became of the press.
    hint:
      status < 500
        ? 'Nothing was decided and nothing was done.'
        : 'Open the link again: it says where it stands.',
  });

const looking =
  (api: ApiContext, webRoot: string | null, find: Find): RequestHandler =>
  async (req, res) => {
    countCall(api.approvalLimit, { key: addressOf(req), res });
    const { which, showing } = await find(req);
    const approval = await readApproval(api, which);
    const { state } = approval.confirmation;
    const isLate = state === 'EXPIRED' || (state === 'OPEN' && !isOpen(approval.confirmation));
    const typed = { note: '', code: '' };
    res.status(isLate ? 410 : 200).type('html');
    res.send(approvePage(approval, { ...showing, webRoot, notice: null, typed }));
  };

const pressing =
  (api: ApiContext, webRoot: string | null, find: Find): RequestHandler =>
  async (req, res) => {
    countCall(api.approvalLimit, { key: addressOf(req), res });
    // The token is what a foreign page cannot know; its origin is looked at all the same.
    if (!api.origins.allows(req)) throw new MooringError('forbidden', 'This was sent from another page.');
    const { which, showing } = await find(req);
    const said = Form.parse(req.body);
    const refusal = await press(api, which, said);
    if (refusal === null && (said.do === 'approve' || said.do === 'decline')) {
      return res.redirect(303, showing.action);
    }
    const approval = await readApproval(api, which);
    const notice = refusal?.message ?? (said.do === 'review' ? INERT : null);
    res.status(refusal?.status ?? 200).type('html');
    res.send(approvePage(approval, { ...showing, webRoot, notice, typed: said }));
  };

const INERT = 'Nothing is decided yet: press Approve or Decline.';

/** null: done as pressed, or nothing was to be done. */
async function press(api: ApiContext, which: WhichConfirmation, said: Form): Promise<MooringError | null> {
  if (said.do === 'review') return null;
  if (said.do === 'send-code') {
    return api.db.withTx(SYSTEM, 'approval.send-code', async (tx) => {
      const { confirmation } = await lockConfirmation(tx, which);
      await sendCode(api, tx, confirmation);
      return null;
    });
  }
  return api.db.withTx(SYSTEM, 'approval.decide', async (tx) => {
    const { refusal } = await decide(api, tx, {
      which,
      approved: said.do === 'approve',
      note: said.note === '' ? null : said.note,
      code: said.code === '' ? null : said.code,
    });
    return refusal;
  });
}
