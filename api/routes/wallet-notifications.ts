import { raw, Router } from 'express';
import { z } from 'zod';
import type { Tx } from '../../db/database';
import { lockPayment } from '../../db/payments';
import { wakeMover } from '../../db/refunds';
import { findMove, hearOfMove } from '../../db/wallet-moves';
import { MooringError } from '../../domain/errors';
import { SYSTEM } from '../../domain/principal';
import { AGAINST, moveStateOf } from '../../domain/wallet';
import type { MoveStep } from '../../domain/wallet';
import type { CircleSignature } from '../../lib/circle-signature';
import type { Logger } from '../../lib/log';
import { metrics } from '../../lib/metrics';
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
        const { is, step } = await api.db.withTx(SYSTEM, 'wallet.hear', (tx) => hear(tx, told));
        const { id: reference, state } = Told.parse(told.notification);
        if (is === 'foreign')
          log.warn({ reference, state }, 'Circle tells of a transfer that is none of ours');
        if (is === 'against') {
          metrics.walletAlarms.inc({ step });
          log.error({ reference, state, step }, AGAINST);
        }
      }
      res.json({ received: true });
    },
  );
  return router;
}

type Heard = { is: 'foreign' | 'ours'; step?: never } | { is: 'against'; step: MoveStep };

async function hear(tx: Tx, { notificationId, notification }: z.infer<typeof Notification>): Promise<Heard> {
  const { id: reference, state: word, refId } = Told.parse(notification);
  const state = moveStateOf(word);
  if (state === null) return { is: 'ours' };
  const told = { notificationId, reference, refId: refId ?? '', state };
  const move = await findMove(tx, told);
  if (move === null) return { is: 'foreign' };
  await lockPayment(tx, move.paymentId);
  const heard = await hearOfMove(tx, told);
  if (heard === 'ask') await wakeMover(tx, move);
  return heard === 'against' ? { is: 'against', step: move.step } : { is: 'ours' };
}
