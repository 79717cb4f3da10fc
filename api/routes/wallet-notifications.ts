import { raw, Router } from 'express';
import { z } from 'zod';
import type { Tx } from '../../db/database';
import { lockPayment } from '../../db/payments';
import { wakeMover } from '../../db/refunds';
import { findMove, hearOfMove } from '../../db/wallet-moves';
import { MooringError } from '../../domain/errors';
import { SYSTEM } from '../../domain/principal';
import { moveStateOf } from '../../domain/wallet';
import type { CircleSignature } from '../../lib/circle-signature';
import type { Logger } from '../../lib/log';
import { jsonOf } from '../body';
import type { ApiContext } from '../context';
import { addressOf } from '../limits';
import { countCall } from '../network/door';

const MOST_BYTES = 64 * 1024;

const Notification = z.object({
  notificationId: z.uuid(),
  notificationType: z.string().max(100),
  notification: z.looseObject({}),
});
const Told = z.object({ id: z.uuid(), state: z.string().max(50), refId: z.string().max(512).optional() });

/**
 * What Circle tells of transfers. It is signed over its bytes, comes at least once and in no order, and only ever wakes:
 * whether money has moved is asked of Circle itself.
 */
export function walletNotificationRoutes(
  api: ApiContext,
  { signature, log }: { signature: CircleSignature; log: Logger },
): Router {
  const router = Router();
  // Circle looks whether somebody listens before it sends.
  router.head('/api/wallet/notifications', (_req, res) => void res.status(200).end());
  router.post(
    '/api/wallet/notifications',
    raw({ type: () => true, limit: MOST_BYTES, inflate: false }),
    async (req, res) => {
      countCall(api.callbackLimit, { key: addressOf(req), res });
      const bytes: unknown = req.body;
      const body = Buffer.isBuffer(bytes) ? bytes : Buffer.alloc(0);
      const isSigned = await signature(body, {
        keyId: req.get('x-circle-key-id') ?? '',
        signature: req.get('x-circle-signature') ?? '',
      });
      if (isSigned === null)
        throw new MooringError('unavailable', 'The key of the signature cannot be had now.');
      if (!isSigned) throw new MooringError('unauthorized', 'The signature is missing or wrong.');
      const told = Notification.parse(jsonOf(req, body));
      if (told.notificationType === 'transactions.outbound') {
        const isOurs = await api.db.withTx(SYSTEM, 'wallet.hear', (tx) => hear(tx, told));
        if (!isOurs) {
          const { id: reference, state } = Told.parse(told.notification);
          log.warn({ reference, state }, 'Circle tells of a transfer that is none of ours');
        }
      }
      res.json({ received: true });
    },
  );
  return router;
}

/** False: the transfer is none that this platform has asked for. */
async function hear(
  tx: Tx,
  { notificationId, notification }: z.infer<typeof Notification>,
): Promise<boolean> {
  const { id: reference, state: word, refId } = Told.parse(notification);
  const state = moveStateOf(word);
  if (state === null) return true;
  const told = { notificationId, reference, refId: refId ?? '', state };
  const move = await findMove(tx, told);
  if (move === null) return false;
  await lockPayment(tx, move.paymentId);
  if (await hearOfMove(tx, told)) await wakeMover(tx, move);
  return true;
}
