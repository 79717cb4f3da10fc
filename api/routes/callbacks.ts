import { createHash } from 'node:crypto';
import { raw, Router } from 'express';
import type { Request } from 'express';
import { Webhook } from 'standardwebhooks';
import { z } from 'zod';
import { sealedKeys } from '../../db/agents';
import { findCallback, recordCallback } from '../../db/callbacks';
import type { Tx } from '../../db/database';
import { priceOfTask } from '../../db/payments';
import { getTask, lockTask, wakeTask } from '../../db/tasks';
import { MooringError } from '../../domain/errors';
import { formatUsdc, parseUsdc } from '../../domain/money';
import { SYSTEM } from '../../domain/principal';
import { jsonOf, textOf } from '../body';
import type { ApiContext } from '../context';
import { addressOf } from '../limits';
import { countCall } from '../network/door';
import { UsdcText } from '../schemas';

const MOST_BYTES = 1024 * 1024;

/** As `/invoke` answers. */
const Outcome = z.discriminatedUnion('ok', [
  z.object({ ok: z.literal(true), output: z.unknown(), charge_usdc: z.exactOptional(UsdcText) }),
  z.object({ ok: z.literal(false), error: z.string(), error_code: z.string().optional() }),
]);

/**
 * `POST /api/callbacks/{task}`: a service agent that answered 202 says what came of the task, signed as we sign to it. What
 * it says first is a fact; its workflow makes it the end of the task.
 */
export function callbackRoutes(api: ApiContext): Router {
  const router = Router();
  router.post(
    '/api/callbacks/:task',
    raw({ type: () => true, limit: MOST_BYTES, inflate: false }),
    async (req: Request<{ task: string }>, res) => {
      countCall(api.callbackLimit, { key: addressOf(req), res });
      const bytes: unknown = req.body;
      const body = Buffer.isBuffer(bytes) ? bytes : Buffer.alloc(0);
      await api.db.withTx(SYSTEM, 'callback.receive', (tx) => receive(api, tx, { req, body }));
      res.json({ task_id: req.params.task, accepted: true });
    },
  );
  return router;
}

async function receive(
  api: ApiContext,
  tx: Tx,
  { req, body }: { req: Request<{ task: string }>; body: Buffer },
): Promise<void> {
  const { toAgentId, action } = await getTask(tx, req.params.task);
  if (action === null) throw new MooringError('not_found', 'There is no such task.');
  const { signingSecret } = await sealedKeys(tx, toAgentId);
  verify(api.seal.open(signingSecret), { req, text: textOf(body) });
  const said = Outcome.parse(jsonOf(req, body));
  const bodyHash = createHash('sha256').update(body).digest();
  const task = await lockTask(tx, req.params.task);
  const before = await findCallback(tx, task.id);
  if (before !== null) {
    if (before.bodyHash.equals(bodyHash)) return;
    throw notOpen(task.status, 'This task was told another outcome before.');
  }
  if (task.status !== 'in_progress') throw notOpen(task.status, `This task is ${task.status}.`);
  if (task.expired || task.callbackLate) throw notOpen('expired', 'The time of this task is over.');
  const price = await priceOfTask(tx, task);
  if (said.ok && said.charge_usdc !== undefined && (parseUsdc(said.charge_usdc) ?? 0n) > price) {
    throw new MooringError('amount_over_hold', `The price of this task is ${formatUsdc(price)} USDC.`);
  }
  await recordCallback(tx, task.id, { bodyHash, body: said });
  wakeTask(tx, task, 'taskDecided');
}

const notOpen = (status: string, message: string): MooringError =>
  new MooringError('invalid_state_transition', message, { details: { status } });

/** Over what was sent, by the secret that our calls to the agent are signed with. */
function verify(secret: string, { req, text }: { req: Request; text: string }): void {
  const header = (name: string): string => req.get(name) ?? '';
  try {
    new Webhook(secret).verify(
      text,
      {
        'webhook-id': header('webhook-id'),
        'webhook-timestamp': header('webhook-timestamp'),
        'webhook-signature': header('webhook-signature'),
      },
      { jsonParse: false },
    );
  } catch (cause) {
    throw new MooringError('unauthorized', 'The signature is missing, wrong or too old.', { cause });
  }
}
