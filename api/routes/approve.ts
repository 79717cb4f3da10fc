import { Router, urlencoded } from 'express';
import type { RequestHandler, Response } from 'express';
import { z } from 'zod';
import { lockConfirmation } from '../../db/confirmations';
import { MooringError } from '../../domain/errors';
import { SYSTEM } from '../../domain/principal';
import { byToken, decide, readApproval, sendCode, tokenOf } from '../approvals';
import { approvePage, noQuestionPage } from '../approve-page';
import type { ApiContext } from '../context';
import { addressOf } from '../limits';
import { countCall } from '../network/door';

const Form = z.object({
  do: z.enum(['review', 'send-code', 'approve', 'decline']),
  note: z.string().max(500).default(''),
  code: z.string().max(20).default(''),
});

/** The page where a person decides, by the link of the mail and nothing else. Opening it decides nothing. */
export function approveRoutes(api: ApiContext, webRoot: string | null): Router {
  const router = Router();
  router.use('/approve', (_req, res, next) => {
    // With no referrer at all a browser would not say either which page a form was sent from.
    res.set({ 'Cache-Control': 'no-store', 'Referrer-Policy': 'same-origin' });
    next();
  });
  const show = async (res: Response, token: unknown, refusal: MooringError | null): Promise<void> => {
    const approval = await readApproval(api, byToken(token));
    const notice = refusal?.message ?? null;
    res.status(refusal?.status ?? 200).type('html');
    res.send(approvePage(approval, { webRoot, notice, action: `/approve/${String(token)}` }));
  };
  const orSay = async (res: Response, work: () => Promise<void>): Promise<void> => {
    try {
      await work();
    } catch (error) {
      if (!(error instanceof MooringError)) throw error;
      res.status(error.status).type('html').send(noQuestionPage(webRoot, error.message));
    }
  };

  const look: RequestHandler = (req, res) =>
    orSay(res, async () => {
      countCall(api.approvalLimit, { key: addressOf(req), res });
      await show(res, tokenOf(req), null);
    });
  // Under both forms that clients know.
  router.get('/approve', look);
  router.get('/approve/:token', look);

  router.post('/approve/:token', urlencoded({ extended: false, limit: '16kb' }), (req, res) =>
    orSay(res, async () => {
      countCall(api.approvalLimit, { key: addressOf(req), res });
      // The token is what a foreign page cannot know; its origin is looked at all the same.
      if (!api.origins.allows(req)) throw new MooringError('forbidden', 'This was sent from another page.');
      const { token } = req.params;
      const said = Form.parse(req.body);
      const refusal = await press(api, token, said);
      if (refusal === null) return res.redirect(303, `/approve/${token}`);
      await show(res, token, refusal);
    }),
  );
  return router;
}

/** null: done as pressed, or nothing was to be done. */
async function press(
  api: ApiContext,
  token: string,
  said: z.infer<typeof Form>,
): Promise<MooringError | null> {
  if (said.do === 'review') return null;
  if (said.do === 'send-code') {
    return api.db.withTx(SYSTEM, 'approval.send-code', async (tx) => {
      const { confirmation } = await lockConfirmation(tx, byToken(token));
      await sendCode(api, tx, confirmation);
      return null;
    });
  }
  return api.db.withTx(SYSTEM, 'approval.decide', async (tx) => {
    const { refusal } = await decide(api, tx, {
      which: byToken(token),
      approved: said.do === 'approve',
      note: said.note === '' ? null : said.note,
      code: said.code === '' ? null : said.code,
    });
    return refusal;
  });
}
