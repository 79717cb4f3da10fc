import { Router, urlencoded } from 'express';
import { z } from 'zod';
import { readPayment } from '../../db/payment-pages';
import { SYSTEM } from '../../domain/principal';
import { publicUrlOf } from '../../lib/config';
import { isAdmin } from '../auth/admin';
import { ownAccount } from '../auth/sign-in';
import type { ApiContext } from '../context';
import { addressOf, takeOrRefuse } from '../limits';
import { receiptPage } from '../receipt-page';
import { jwks, receiptOf, verifyReceipt } from '../receipts';
import { paymentIdOf } from './payments';

const Form = z.object({ receipt: z.string().max(8_000) });

/** Signed receipts of payments, the keys that verify them, and a page that does. */
export function receiptRoutes(
  { config, db, caller, seal, lookLimit }: ApiContext,
  webRoot: string | null,
): Router {
  const router = Router();
  const issuer = { name: publicUrlOf(config), seal };
  router.get('/.well-known/jwks.json', async (_req, res) => {
    res.set('Cache-Control', 'public, max-age=300').json(await db.withTx(SYSTEM, 'receipt.keys', jwks));
  });

  router.get('/api/payments/:id/receipt', async (req, res) => {
    const userId = await caller(req);
    const id = paymentIdOf(req.params.id);
    const receipt = await db.withTx(SYSTEM, 'receipt.give', async (tx) => {
      const user = await ownAccount(tx, userId);
      return receiptOf(tx, issuer, await readPayment(tx, { id, userId, isAdmin: isAdmin(config, user) }));
    });
    res.json({ payment_id: id, receipt });
  });

  router.get('/receipts', (_req, res) => {
    res.set('Cache-Control', 'no-store').send(receiptPage({ webRoot, typed: '', found: null }));
  });
  router.post('/receipts', urlencoded({ extended: false, limit: '16kb' }), async (req, res) => {
    takeOrRefuse(lookLimit, addressOf(req));
    const receipt = Form.parse(req.body).receipt.trim();
    const claims = await db.withTx(SYSTEM, 'receipt.verify', (tx) => verifyReceipt(tx, receipt));
    res.set('Cache-Control', 'no-store').send(receiptPage({ webRoot, typed: receipt, found: { claims } }));
  });
  return router;
}
