import { randomBytes } from 'node:crypto';
import { SYSTEM } from '../../domain/principal';
import type { Database } from '../../db/database';
import { acceptMessage } from '../../db/messages';
import { requestPayment } from '../../db/payments';
import { proposeToolCalls } from '../../db/tool-calls';
import { claimMessage, openTurn } from '../../db/turns';
import { newId } from '../../lib/ids';

/** What the worker does when the model asks for 0.05 USDC; answers with the payment's id. */
export async function askToPay(
  db: Database,
  { sessionId, userId }: { sessionId: string; userId: string },
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
    const agentId = newId('agt');
    await tx.query(
      `insert into agents (id, kind, owner_id, slug, name, description, status, base_url)
       values ($1, 'service', $2, $3, 'Text analyst', '', 'ACTIVE', 'http://127.0.0.1:1')`,
      [agentId, userId, `agent-${unique}`],
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
      agent: { id: agentId, name: 'Text analyst', ownerId: userId },
      action: 'readability',
      reason: 'to measure the text',
      amountMicros: 50_000n,
      autoApproveMicros: 0n,
      offerHash: 'hash',
      deadlineMs: 60_000,
      captureDeadlineMs: 60_000,
      network: 'ledger',
    });
    return payment.id;
  });
}
