import { randomBytes } from 'node:crypto';
import { createPaymentActivities } from '../../activities/payments';
import { personalAgentId } from '../../db/agents';
import { SYSTEM } from '../../domain/principal';
import type { RiskLevel } from '../../domain/task';
import type { Database } from '../../db/database';
import { acceptMessage } from '../../db/messages';
import { decidePayment, getPayment, requestPayment } from '../../db/payments';
import { createInvocation, lockTask, transitionTask } from '../../db/tasks';
import type { Task } from '../../db/tasks';
import { proposeToolCalls } from '../../db/tool-calls';
import { claimMessage, openTurn } from '../../db/turns';
import { run } from '../activities/stage';
import { paymentDeps } from '../harness/payment-deps';
import { newId } from '../../lib/ids';

/** What the worker does when the model asks for 0.05 USDC; answers with the payment's id. */
export async function askToPay(
  db: Database,
  {
    sessionId,
    userId,
    ownerId = userId,
    amountMicros = 50_000n,
    agentId = newId('agt'),
  }: { sessionId: string; userId: string; ownerId?: string; amountMicros?: bigint; agentId?: string },
): Promise<string> {
  const session = { id: sessionId, userId };
  const unique = randomBytes(4).readUInt32BE() >>> 1;
  return db.withTx(SYSTEM, 'test', async (tx) => {
    let turn = await openTurn(tx, sessionId);
    if (turn === null) {
      await acceptMessage(tx, { sessionId, clientId: `ask-${unique}`, content: 'How readable is this?' });
      turn = await claimMessage(tx, session);
    }
    if (turn === null) throw new Error('no turn');
    await tx.query(
      `insert into agents (id, kind, owner_id, slug, name, description, status, base_url)
       values ($1, 'service', $2, $3, 'Text analyst', '', 'ACTIVE', 'http://127.0.0.1:1') on conflict (id) do nothing`,
      [agentId, ownerId, `agent-${unique}`],
    );
    const [call] = await proposeToolCalls(tx, turn, {
      step: unique,
      calls: [{ toolUseId: `toolu_${unique}`, name: 'request_payment_confirmation', input: {} }],
    });
    if (call === undefined) throw new Error('no call');
    const payment = await requestPayment(tx, {
      userId,
      sessionId,
      turnId: turn.id,
      toolCallId: call.id,
      agent: { id: agentId, name: 'Text analyst', ownerId },
      action: 'readability',
      reason: 'to measure the text',
      amountMicros,
      feeMicros: amountMicros / 40n,
      autoApproveMicros: 0n,
      offerHash: 'hash',
      deadlineMs: 60_000,
      captureDeadlineMs: 60_000,
      network: 'ledger',
    });
    return payment.id;
  });
}

interface Asked {
  sessionId: string;
  userId: string;
  ownerId: string;
  amountMicros?: bigint;
}
const inputOf = (paymentId: string) => ({ paymentId, asOf: new Date().toISOString() });

/** The same, approved and held. */
export async function holdMoney(db: Database, asked: Asked): Promise<string> {
  const paymentId = await askToPay(db, asked);
  const { sessionId } = asked;
  await db.withTx(SYSTEM, 'test', (tx) => decidePayment(tx, { sessionId, paymentId, approved: true }));
  await run(createPaymentActivities(paymentDeps(db)).authorizePayment, inputOf(paymentId));
  return paymentId;
}

/** The same, worked for and paid. */
export async function pay(db: Database, asked: Asked): Promise<string> {
  const paymentId = await holdMoney(db, asked);
  await finishWork(db, await giveWork(db, { ...asked, paymentId }), paymentId);
  return paymentId;
}

/** What is held gets its task. */
export const giveWork = (
  db: Database,
  { sessionId, userId, paymentId }: Asked & { paymentId: string },
  level: RiskLevel = 'R0',
): Promise<Task> =>
  db.withTx(SYSTEM, 'test', async (tx) => {
    const { agentId, turnId, action } = await getPayment(tx, paymentId);
    const turn = await openTurn(tx, sessionId);
    if (turn === null) throw new Error('no turn');
    const [call] = await proposeToolCalls(tx, turn, {
      step: randomBytes(4).readUInt32BE() >>> 1,
      calls: [{ toolUseId: `toolu_work_${paymentId}`, name: 'invoke_agent', input: {} }],
    });
    return createInvocation(tx, {
      ...{ userId, sessionId, turnId, paymentId, action, toAgentId: agentId, toolCallId: call?.id ?? '' },
      ...{ fromAgentId: await personalAgentId(tx, userId), arguments: {}, ttlMs: 60_000 },
      risk: { level, reasons: [] },
    });
  });

/** It is done, and paid. */
export async function finishWork(db: Database, task: Task, paymentId: string): Promise<void> {
  await db.withTx(SYSTEM, 'test', async (tx) =>
    transitionTask(tx, await lockTask(tx, task.id), { path: ['completed'], actor: 'test', result: 1 }),
  );
  await run(createPaymentActivities(paymentDeps(db)).settlePayment, inputOf(paymentId));
}
